"""A few hundred articles made by a seed, of inflected Romanian words in every spelling that dirty news has.

For the tests that compare the index with Whoosh; deterministic, so that a failure can be looked at again.
"""

from __future__ import annotations

import datetime as dt
import random
import unicodedata

import newsindex as ni
from newsindex.analysis import tokenize

# One lemma a line, in several forms.
_LEMMAS = """
guvern guvernul guvernului guverne guvernele guvernelor
ministru ministrul ministrului miniștri miniștrii miniștrilor ministra
președinte președintele președintelui președinți președinții președinților
soldat soldatul soldatului soldați soldații soldaților
trupă trupa trupei trupe trupele trupelor
regiune regiunea regiunii regiuni regiunile regiunilor
țară țara țării țări țările țărilor
oraș orașul orașului orașe orașele orașelor
școală școala școlii școli școlile școlilor
profesor profesorul profesori profesorii profesorilor profesoară
elev elevul elevului elevi elevii elevilor elevă
tren trenul trenului trenuri trenurile trenurilor
gară gara gării gări gările
ploaie ploaia ploii ploi ploile ploilor
zăpadă zăpada zăpezii zăpezi
munte muntele muntelui munți munții munților
râu râul râului râuri râurile râurilor
pod podul podului poduri podurile
buget bugetul bugetului bugete bugetele
lege legea legii legi legile legilor
inflație inflația inflației
preț prețul prețului prețuri prețurile prețurilor
fabrică fabrica fabricii fabrici fabricile
muncitor muncitorul muncitori muncitorii muncitorilor
spital spitalul spitalului spitale spitalele
medic medicul medicului medici medicii medicilor
pacient pacientul pacienți pacienții pacienților
cercetător cercetătorul cercetători cercetătorii cercetătoare
stea steaua stelei stele stelele
fotbal fotbalul fotbalului
echipă echipa echipei echipe echipele echipelor
meci meciul meciului meciuri meciurile
scrisoare scrisoarea scrisorii scrisori scrisorile
agenție agenția agenției agenții agențiile agențiilor
război războiul războiului războaie
pace pacea păcii
alegere alegerea alegeri alegerile alegerilor
vot votul votului voturi voturile
primar primarul primarului primari primarii
drum drumul drumului drumuri drumurile
pădure pădurea pădurii păduri pădurile
urs ursul ursului urși urșii
câine câinele câinelui câini câinii
fată fata fetei fete fetele fetelor
față fața feței fețe fețele
om omul omului oameni oamenii oamenilor
copil copilul copilului copii copiii copiilor
anunța anunță anunțat anunțată anunțați anunțând
spune spus spusă spune-mi spunea spuneau
construi construit construită construiește construcție construcția
deschide deschis deschisă deschiși deschidere deschiderea
nou noua nouă noi noilor noului
mare mari marea marele marilor
vechi veche vechea vechile
național națională naționale naționali
rece reci recele
nord sud est vest nordul sudul
ieri astăzi mâine luni marți vineri
tare tari țar țarul țarului țarii
pește peștele peștelui pești peste
rată rata ratei rate rață rața raței rațe
pană pana penei pene până
împărat împăratul împăratului împărați împărații
declara declară declarat declarând declarație declarația declarații declarațiilor
guverna guvernează guvernat guvernare guvernarea guvernării
Iohannis Iohannisului
București Bucureștiul Bucureștiului
Cluj Clujul Clujului
Prodăneț Prodănețul Prodănețului Prodăneți Prodan Prodanul
Țugulaș Țugulașul Țugulașului Țugulași Țugulea
Fărcășel Fărcășelul Fărcășelei Fărcaș Fărcașul
Șalupiș Șalupișul Șalupiși Șalupa
Erdoğan Erdoğanului Erdogan
Müller Müllerului Gökçe Şahin Orbán Orbanului
"""
_STOPS = "de la în din pe cu și că nu se o un sunt a fost ale care pentru"
_ODD = [
    "nord-coreeni",
    "s-a",
    "într-o",
    "dom'le",
    "10.000",
    "1.234.567",
    "3,5",
    "S.U.A.",
    "80-a",
    "2025",
    "G20",
    "covid19",
]

LEMMAS = [line.split() for line in _LEMMAS.strip().splitlines()]
WORDS = [tokenize(word)[0][0] for lemma in LEMMAS for word in lemma if "-" not in word]
STOPS = _STOPS.split()
SOURCES = ["Gazeta Munților", "Ecoul Luncii", "Radio Șapte", "Agenția Nouă", "Gazeta de Est", None]
SECTIONS = ["Sport", "Extern", "Știință", None]
AUTHORS = ["Ana Ștefan", "Ion Țărmure", "Ana Munteanu", None, None]
TAGS = ["vreme rea", "trenuri", "Școli", "buget de stat", "stat mare"]
REGIONS = ["Valea Mare", "Lunca", "Munții Vechi", "Țara de Sus", "Fața Mării"]
BARE = 0.08  # of the articles have no diacritics at all

_FIRST_DAY = dt.date(2023, 1, 1)
_DAYS = 1000


def respell(word: str, rng: random.Random) -> str:
    """The word as another newsroom may have typed it: the same form to the tokenizer, or that without some marks."""
    style = rng.randrange(10)
    if style == 0:
        return word.translate(str.maketrans("șțȘȚ", "şţŞŢ"))
    if style == 1:
        return unicodedata.normalize("NFD", word)
    if style == 2 and len(word) > 3:
        return word[:2] + "\u00ad" + word[2:]
    if style == 3:
        return plain(word)
    if style == 5:
        place = rng.randrange(len(word))
        return word[:place] + plain(word[place:])
    return word.capitalize() if style == 4 else word


def plain(text: str) -> str:
    """The text without diacritics."""
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def _sentence(rng: random.Random, topic: list[list[str]]) -> str:
    words = []
    for _ in range(rng.randint(4, 14)):
        kind = rng.random()
        if kind < 0.3:
            words.append(rng.choice(STOPS))
        elif kind < 0.35:
            words.append(rng.choice(_ODD))
        else:
            # Mostly words of the article's own topic, so that some stand together often.
            lemma = rng.choice(topic) if kind < 0.75 else rng.choice(LEMMAS)
            words.append(respell(rng.choice(lemma), rng))
        if rng.random() < 0.08:
            words[-1] += rng.choice([",", ";", " –", ":"])
    words[0] = words[0][:1].upper() + words[0][1:]
    return " ".join(words) + rng.choice([".", "!", "?", "”."])


def _date(rng: random.Random) -> dt.date | None:
    if rng.random() < 0.05:
        return None
    day = _FIRST_DAY + dt.timedelta(days=rng.randrange(_DAYS))
    if rng.random() < 0.5:
        return day
    # Many close to midnight, where the zone decides about the day.
    hour = rng.choice([0, 1, 2, 12, 21, 22, 23])
    zone = rng.choice([dt.UTC, dt.timezone(dt.timedelta(hours=3)), dt.timezone(dt.timedelta(hours=-5))])
    return dt.datetime(day.year, day.month, day.day, hour, rng.randrange(60), tzinfo=zone)


def article(number: int, rng: random.Random) -> ni.Article:
    """Article `a{number}`, as the random numbers have it."""
    topic = rng.sample(LEMMAS, 4)
    region = rng.choice([*REGIONS, None])
    title = _sentence(rng, topic) if rng.random() < 0.95 else ""
    body = "\n".join(_sentence(rng, topic) for _ in range(rng.randint(0, 6)))
    if rng.random() < BARE:
        title, body, region = plain(title), plain(body), region and plain(region)
    return ni.Article(
        id=f"a{number}",
        title=title,
        body=body,
        date=_date(rng),
        source=rng.choice(SOURCES),
        author=rng.choice(AUTHORS),
        section=rng.choice(SECTIONS),
        tags=tuple(rng.sample(TAGS, rng.randrange(3))),
        extra={} if region is None else {"region": region},
    )


def articles(count: int, seed: int) -> list[ni.Article]:
    """`count` articles with the ids a0, a1…"""
    rng = random.Random(seed)
    return [article(number, rng) for number in range(count)]
