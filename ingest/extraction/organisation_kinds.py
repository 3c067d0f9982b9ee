"""What kind of organisation a name stands for, as its words tell: a town hall, a hospital, a firm.

The lists are by meaning and in both languages, folded. They know nothing of what an organisation
did in a story; that is `ingest.extraction.roles`.
"""

import re
from enum import StrEnum
from functools import lru_cache

from kb.text.analysis import fold


class Nature(StrEnum):
    """What kind of organisation a participant is."""

    FIRM = "firm"
    TOWN = "town"
    CARE = "care"
    STATE = "state"
    CHAMBER = "chamber"
    NETWORK = "network"
    LABORATORY = "laboratory"
    HAULIER = "haulier"
    SCHOOL = "school"
    MEDIA = "media"
    UNKNOWN = "unknown"


# In order: the first that matches tells. Matched against folded words joined by blanks.
_NATURES: tuple[tuple[Nature, re.Pattern[str]], ...] = tuple(
    (nature, re.compile(rf"\b(?:{words})\b"))
    for nature, words in (
        (
            Nature.STATE,
            r"agences? regionales? de (?:la )?sante|ars|dreal|dgccrf|direccte|dreets|drieets?|ddpp|"
            r"ddt|ddtm|ansm|anses|ademe|douanes?|customs?|prefectures?|sous prefectures?|"
            r"prefete?s?|"
            r"ministeres?|ministry|ministries|services? de l etat|autorites?(?: \w+)?|authority|"
            r"authorities|administrations?|inspections?|inspectorate|regulators?|"
            r"(?:regional )?health agency|agences? de l eau|environment agency|"
            r"direction (?:regionale|departementale|generale)|veterinary (?:office|services?)|"
            r"acteurs institutionnels|rectorat|office francais|fire (?:service|department)|sdis|"
            r"trading standards|licensing|regulateur|gendarmerie",
        ),
        (
            Nature.CHAMBER,
            r"cci|cma|ccir?|chambres? de (?:commerce|metiers)|chambres? (?:consulaires?|"
            r"d agriculture|"
            r"regionale)|chambers? of (?:commerce|trades?|agriculture)|chamber|consulaire|"
            r"agences? (?:de|d) (?:developpement|attractivite)(?: \w+)?|"
            r"(?:economic )?development agency|technopoles?",
        ),
        (
            Nature.CARE,
            r"centres? hospitaliers?(?: \w+)?|hopital|hopitaux|hospitals?|chu|chr|chru|ch|ght|"
            r"ehpad|"
            r"cliniques?|clinics?|polycliniques?|maisons? de retraite|care homes?|nursing homes?|"
            r"pharmacies?|pharmaciens?|pharmacists?|infirmar(?:y|ies)|infirmiere?s?|nurses|"
            r"maisons? de sante|soignants|"
            r"aide a domicile|ssiad|samu|health (?:centre|center|trust)",
        ),
        (
            Nature.TOWN,
            r"mairies?|villes?|communes?|municipalites?|municipality|town halls?|towns?|"
            r"city(?: hall)?|"
            r"councils?|communautes? (?:d agglomeration|de communes|urbaine)|agglomerations?|"
            r"agglo|metropoles?|collectivites?(?: territoriales?)?|conseils? (?:departemental|"
            r"regional"
            r"|municipal|general)|departement|region|pays d|local authorit(?:y|ies)|grand \w+|"
            r"intercommunalites?|syndicats? (?:mixte|intercommunal|de communes|departemental|"
            r"des eaux)"
            r"|ccas|services? municipa(?:l|ux)|county|borough|parc naturel(?: regional)?|sivom|"
            r"sictom|"
            r"smictom|calitom|collectivite",
        ),
        (
            Nature.MEDIA,
            r"journal|journaux|quotidien|hebdomadaire|hebdo|gazette|magazine|newspaper|presse|"
            r"radio|television|tv|france 3|france bleu|sud ouest|charente libre|courrier|"
            r"revue|depeche|republique|telegramme|ouest france|blog|editions?|telegraph|"
            r"times|herald|news|facebook|twitter|linkedin|youtube|instagram|whatsapp|google|"
            r"internet",
        ),
        (
            Nature.NETWORK,
            r"reseaux?|network|clubs?|plateformes?|platforms?|associations?|federations?|"
            r"poles?(?: \w+)?|clusters?|synapse|recita|eclaira|unions?|syndicats?|collectifs?|"
            r"groupements?|gie|amicale|alliance|confederation|interprofessions?|consortium|"
            r"business park association|filieres?|forum|cooperative d activites?|grappe",
        ),
        (
            Nature.LABORATORY,
            r"laboratoires?|labos?|laborator(?:y|ies)|labs?|centres? techniques?|"
            r"centres? de transfert|"
            r"centres? d essais?|instituts?|institutes?|ifth|lne|cttc|test(?:ing)? (?:house|"
            r"centre)|"
            r"universites?|universit(?:y|ies)|bureaux? de controle|organismes? de controle",
        ),
        (
            Nature.SCHOOL,
            r"lycees?|ecoles?|colleges?|schools?|iut|fac|faculte|campus|greta|cfa|fablabs?|mfr",
        ),
        (
            Nature.HAULIER,
            r"transports?|transporteurs?|haulage|hauliers?|hauler|logistique|logistics|messagerie|"
            r"couriers?|coursiers?|carriers?|freight|trucking|livreurs?|camionneurs?|affreteurs?|"
            r"routiers?|la poste|batelie?rs?",
        ),
        (
            Nature.FIRM,
            r"entreprises?|societes?|ste|firmes?|compan(?:y|ies)|firms?|sarl|sas|sasu|sa|eurl|scop|"
            r"scic|scea|earl|gaec|gmbh|ltd|limited|plc|inc|llc|ets|etablissements?|cie|groupes?|"
            r"group|"
            r"usines?|plants?|factor(?:y|ies)|ateliers?|workshops?|manufactures?|maisons?|"
            r"fabriques?|"
            r"fabricants?|makers?|producteurs?|producers?|fournisseurs?|suppliers?|industriels?|"
            r"distilleries?|distillateurs?|distillers?|brasseries?|brasseurs?|brewer(?:y|ies|s)?|"
            r"cooperatives?|co op|raffineries?|refiner(?:y|ies)|centrales?|power stations?|mills?|"
            r"start ?ups?|pme|pmi|smes?|artisans?|agriculteurs?|farms?|farmers?|fermes?|cafes?|"
            r"\w{3,}(?:erie|eries|works)|tonnellerie|domaines?|chateau|vignobles?|"
            r"signs|foods|distribution|agencement|cartonnages|caisserie|partenaires?|partners?|"
            r"negociants?|grossistes?|wholesalers?|traders?|industries|"
            r"textiles?|emballages?|packaging|plastiques?|plastics|tissages|filature|foundr(?:y|"
            r"ies)|"
            r"boulangers?|bakers?|baker(?:y|ies)|growers?|nurser(?:y|ies)|esat",
        ),
    )
)


_GENERIC = re.compile(
    r"entreprises?|societes?|ste|firmes?|companys?|companies|company|firms?|sarl|sas|sasu|sa|eurl|"
    r"groupes?|group|maisons?|partenaires?|partners?|plants?|industries|ltd|limited"
)
"""Words that many kinds of organisation have in their names: another beside them tells more."""


@lru_cache(maxsize=100_000)
def nature_of(name: str) -> Nature:
    """What kind of organisation a name or a noun phrase stands for, `UNKNOWN` if it does not say.

    The first telling word decides ("lycée de la communauté d'agglomération" is a school), and
    of those that begin at one word the kind that is the most particular.
    """
    words = " ".join(re.findall(r"[^\W_]+", fold(name)))
    found = [
        (_GENERIC.fullmatch(match.group()) is not None, match.start(), order, nature)
        for order, (nature, pattern) in enumerate(_NATURES)
        if (match := pattern.search(words))
    ]
    return min(found)[3] if found else Nature.UNKNOWN
