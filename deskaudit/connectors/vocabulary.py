"""Words in which desks say how urgent a ticket is, what it is about and that it waits, in several languages.

Compared without accents, case and blanks around (`bare`). A word that means different things in different programs
stands here with its commonest meaning: what is made of it is a proposal, shown to a person before it counts.
"""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "ß": "ss", "ł": "l", "đ": "d"})


def bare(text: str) -> str:
    """Small letters without accents, single blanks, no marks around."""
    folded = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    plain = "".join(letter for letter in folded if not unicodedata.combining(letter))
    return re.sub(r"[\s_\-./:()\[\]]+", " ", plain).strip(" #*!")


def _table(**words: str) -> dict[str, str]:
    return {bare(word): meant for meant, line in words.items() for word in line.split(",")}


PRIORITIES = _table(
    P1="urgent,critical,emergency,blocker,highest,very high,immediate,top,showstopper,disaster,"
    "dringend,kritisch,sehr hoch,sofort,notfall,höchste,urgente,crítico,crítica,muy alta,inmediata,inmediato,máxima,"
    "critique,très haute,immédiate,immédiat,bloquant,critica,critico,immediata,altissima,molto alta,muito alta,imediata,"
    "akutt,haster,hastende,svært høy,kritisk,akut,brådskande,mycket hög,meget høj,høyest,"
    "spoed,zeer hoog,kritiek,επείγον,επείγουσα,κρίσιμο,κρίσιμη,πολύ υψηλή,άμεση,pilne,pilny,krytyczny,bardzo wysoki",
    P2="high,important,major,elevated,hoch,wichtig,alta,alto,importante,haute,élevée,élevé,elevata,elevato,"
    "høy,viktig,hög,høj,vigtig,hoog,belangrijk,υψηλή,υψηλό,σημαντική,wysoki,ważny",
    P3="normal,medium,moderate,standard,average,default,mittel,media,medio,moyenne,moyen,normale,moderata,média,médio,"
    "middels,vanlig,medel,mellem,normaal,gemiddeld,κανονική,κανονικό,μεσαία,μέτρια,średni,normalny",
    P4="low,lowest,very low,minor,trivial,planning,none urgent,niedrig,gering,tief,sehr niedrig,baja,bajo,muy baja,"
    "basse,faible,très basse,bassa,basso,molto bassa,baixa,baixo,muito baixa,lav,svært lav,lavest,låg,mycket låg,meget lav,"
    "laag,zeer laag,χαμηλή,χαμηλό,πολύ χαμηλή,niski,bardzo niski",
)
"""A word → P1 to P4."""

NAMES: dict[str, tuple[str, ...]] = {
    "priority": (
        "priority", "prio", "urgency", "severity", "prioritat", "dringlichkeit", "prioridad", "urgencia", "priorite",
        "urgence", "priorita", "urgenza", "prioridade", "prioritet", "hastegrad", "prioriteit", "προτεραιοτητα", "priorytet",
    ),
    "category": (
        "category", "cat", "categories", "subcategory", "topic", "kategorie", "thema", "categoria", "tema", "categorie",
        "kategori", "emne", "categorie", "κατηγορια", "θεμα", "kategoria", "issue category", "area", "component",
    ),
    "type": (
        "type", "ticket type", "request type", "issue type", "kind", "tracker", "typ", "art", "vorgangsart", "tipo",
        "type de demande", "nature", "sakstype", "henvendelsestype", "soort", "τυπος", "rodzaj", "ticket kind",
    ),
    "service": (
        "service", "svc", "product", "application", "app", "system", "dienst", "produkt", "anwendung", "servicio", "producto",
        "sistema", "produit", "servizio", "prodotto", "servico", "produto", "tjeneste", "tjanst", "υπηρεσια", "προιον", "usluga",
    ),
}  # fmt: skip
"""What a field, or the beginning of a tag, is called that tells the column."""

TYPES = frozenset(
    bare(word)
    for word in [
        "incident",
        "request",
        "service request",
        "question",
        "problem",
        "change",
        "task",
        "bug",
        "feature request",
        "complaint",
        "störung",
        "vorfall",
        "anfrage",
        "serviceanfrage",
        "frage",
        "änderung",
        "aufgabe",
        "beschwerde",
        "incidencia",
        "incidente",
        "solicitud",
        "petición",
        "pregunta",
        "problema",
        "cambio",
        "demande",
        "question",
        "problème",
        "changement",
        "richiesta",
        "domanda",
        "hendelse",
        "forespørsel",
        "spørsmål",
        "endring",
        "oppgave",
        "ärende",
        "fråga",
        "aanvraag",
        "vraag",
        "storing",
        "συμβάν",
        "αίτημα",
        "ερώτηση",
        "πρόβλημα",
        "αλλαγή",
        "zgłoszenie",
        "pytanie",
    ]
)

WAITING = re.compile(
    r"\b(pending|on hold|hold|waiting|wait for|awaiting|suspended|postponed|stalled|paused|snoozed|wartet|wartend|warten|"
    r"zuruckgestellt|ruckfrage|pendiente|en espera|esperando|suspendid\w|en attente|attente|in attesa|sospes\w|aguardando|"
    r"pendente|venter|avventer|pa vent|vantar|vilande|afventer|wachten|in de wacht|wachtend|εκκρεμ\w+|αναμον\w+|σε αναμονη|"
    r"oczekuj\w+|wstrzyman\w+)\b"
)
"""Finds the bare name of a state or a tag in which a ticket waits."""
