"""Month names as programs write them in the languages of help desks, in full and as strftime's %b cuts them."""

import re
import unicodedata

_NAMES = {
    1: """jan january gen ene janv januar januari januára január janvier enero gennaio janeiro ιαν ιανουάριος ιανουαρίου
        янв січ январь января януари січень січня sty styczeń stycznia led leden ledna tammi tammikuu tammikuuta oca ocak
        sij siječanj siječnja ian ianuarie jaan jaanuar saus sausio janvāris gener janúar яну 1月 1월 يناير
        sausis јан јануар""",
    2: """feb february febr févr fevr fev fév februar februari februára február février febbraio febrero fevereiro
        februarie febrer φεβ φεβρουάριος φεβρουαρίου фев лют февр февраль февраля февруари лютий лютого lut luty lutego
        úno únor února uno helmi helmikuu helmikuuta hel şub şubat sub velj veljača veljače veebr veebruar vas vasario
        februāris febrúar 2月 2월 فبراير
        vasaris феб фебруар""",
    3: """mar march mars mär maerz märz märts mrt maart marzo março marts martie març μαρ μάρ μάρτιος μαρτίου мар
        бер март марта березень березня bře březen března bre maa maalis maaliskuu maaliskuuta mart ožu ožujak ožujka
        marc márc március marec marca marzec kov kovo 3月 3월 مارس
        kovas""",
    4: """apr april avr abr avril aprile abril aprilie aprill apríla apríl április απρ απρίλιος απριλίου апр апрель апреля
        април кві квіт квітень квітня kwi kwiecień kwietnia dub duben dubna huh huhti huhtikuu huhtikuuta nis nisan tra
        travanj travnja ápr bal balandžio aprīlis 4月 4월 أبريل
        balandis""",
    5: """may mai mag maj mei maggio mayo maio μαι μάι μαΐ μάιος μαΐου май мая трав травень травня май тра kvě kve květen května
        tou touko toukokuu toukokuuta mayıs svi svibanj svibnja máj mája május maja geg gegužės maijs maig maí 5月 5월 مايو
        gegužė мај""",
    6: """jun june juni juin giu junio giugno junho iun iunie juuni juny junij ιουν ιούν ιούνιος ιουνίου июн июнь июня юни черв
        червень червня чер cze czerwiec czerwca čvn cvn červen června kes kesä kesäkuu kesäkuuta haz haziran lip lipanj
        lipnja jún júna június júní birž birželio jūnijs 6月 6월 يونيو
        birželis јун""",
    7: """jul july juli juil lug juillet julio luglio julho iul iulie juuli juliol julij ιουλ ιούλ ιούλιος ιουλίου июл июль июля
        юли лип липень липня lip lipiec lipca čvc cvc červenec července hei heinä heinäkuu heinäkuuta tem temmuz srp srpanj
        srpnja júl júla július júlí liep liepos jūlijs 7月 7월 يوليو
        liepa јул""",
    8: """aug august août aout ago augusti augustus agosto augusztus augusta agost ágú ágúst avgust avg αυγ αύγ αύγουστος
        αυγούστου авг август августа сер серп серпень серпня sie sierpień sierpnia srp srpen srpna elo elokuu elokuuta ağu
        ağustos agu kol kolovoz kolovoza rugp rugpjūčio augusts 8月 8월 أغسطس
        rugpjūtis""",
    9: """sep sept september set septembre septiembre settembre setembro septembrie septembra szeptember setembre σεπ
        σεπτέμβριος σεπτεμβρίου сен сент сентябрь сентября сеп септември вер вересень вересня wrz wrzesień września zář zar
        září syy syys syyskuu syyskuuta eyl eylül ruj rujan rujna szept rugs rugsėjo septembris 9月 9월 سبتمبر
        rugsėjis септембар septembar""",
    10: """oct october okt ott out oktober octobre octubre ottobre outubro octombrie október októbra oktoober octubre οκτ
        οκτώβριος οκτωβρίου окт октябрь октября октомври жов жовт жовтень жовтня paź październik października paz říj říjen
        října rij lok loka lokakuu lokakuuta eki ekim lis listopad listopada spal spalio oktobris 10月 10월 أكتوبر
        spalis октобар oktobar""",
    11: """nov november novembre noviembre novembro noiembrie novembra nóv nóvember νοε νοέ νοέμβριος νοεμβρίου ноя нояб ноябрь
        ноября ное ноември лис лист листопад листопада lis listopad listopadu listopada marras marraskuu marraskuuta kas
        kasım stu studeni studenoga lapkr lapkričio novembris 11月 11월 نوفمبر
        lapkritis нов новембар novembar""",
    12: """dec december dez dic des déc dék décembre dezember diciembre dicembre dezembro desember desembre decembrie
        decembra dets detsember δεκ δεκέμβριος δεκεμβρίου дек декабрь декабря декември гру груд грудень грудня gru grudzień
        grudnia pro prosinec prosince jou joulu joulukuu joulukuuta ara aralık prosinac prosinca gruod gruodžio decembris
        12月 12월 ديسمبر
        gruodis дец децембар decembar""",
}
_NUMBER: dict[str, int] = {}
_DOUBTFUL: set[str] = set()
for _month, _words in _NAMES.items():
    for _word in unicodedata.normalize("NFC", _words.casefold()).split():
        if _NUMBER.setdefault(_word, _month) != _month:
            _DOUBTFUL.add(_word)


def month_number(text: str) -> int | None:
    """1 to 12 for "Nov", "5月", "ноя" or "févr."; None for a name that is not known, or means two months."""
    word = unicodedata.normalize("NFC", text.strip().casefold())
    digits = re.match(r"\d{1,2}", word)
    if digits:
        return int(digits[0]) if 1 <= int(digits[0]) <= 12 else None
    for name in (word, word.rstrip(".")):
        if name in _NUMBER and name not in _DOUBTFUL:
            return _NUMBER[name]
    return None
