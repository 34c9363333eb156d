"""Short month names as strftime's %b writes them in the languages of help desks, and their numbers."""

import re

_NAMES = {
    1: "jan january gen ene janv januar ιαν янв січ sty led tam oca sij 1月 1월 يناير",
    2: "feb february févr fevr fev fév febr φεβ фев лют lut úno uno hel şub sub velj 2月 2월 فبراير",
    3: "mar march mars mär maerz märz mrt μαρ мар бер bře bre maa ožu marc márc 3月 3월 مارس",
    4: "apr april avr abr avril απρ апр кві kwi dub huh nis tra ápr 4月 4월 أبريل",
    5: "may mai mag maj mei μαι μάι май мая тра kvě kve tou svi máj 5月 5월 مايو",
    6: "jun june juni juin giu ιουν июн чер cze čvn cvn kes haz lip jún 6月 6월 يونيو",
    7: "jul july juli juil lug ιουλ июл лип lip čvc cvc hei tem srp júl 7月 7월 يوليو",
    8: "aug srp august août aout ago αυγ авг сер sie elo ağu agu kol 8月 8월 أغسطس",
    9: "sep sept september set septembre σεπ сен вер wrz zář zar syy eyl ruj szept 9月 9월 سبتمبر",
    10: "oct lis october okt ott out οκτ окт жов paź paz říj rij lok eki 10月 10월 أكتوبر",
    11: "nov november νοε ноя лис lis kas stu 11月 11월 نوفمبر",
    12: "dec december dez dic des déc dék δεκ дек гру gru pro jou ara 12月 12월 ديسمبر",
}
_NUMBER: dict[str, int] = {}
_DOUBTFUL: set[str] = set()
for _month, _words in _NAMES.items():
    for _word in _words.split():
        if _NUMBER.setdefault(_word, _month) != _month:
            _DOUBTFUL.add(_word)


def month_number(text: str) -> int | None:
    """1 to 12 for "Nov", "5月", "ноя" or "févr."; None for a name that is not known, or means two months."""
    word = text.strip().casefold()
    digits = re.match(r"\d{1,2}", word)
    if digits:
        return int(digits[0]) if 1 <= int(digits[0]) <= 12 else None
    for name in (word, word.rstrip(".")):
        if name in _NUMBER and name not in _DOUBTFUL:
            return _NUMBER[name]
    return None
