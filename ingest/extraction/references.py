"""Where a sentence speaks of an organisation: by a known name, by a new one, or by what it is.

A reference is a stretch of words and how sure it is that they stand for an organisation. Whether
two references mean the same one is told by `ingest.extraction.coreference`, what it did by
`ingest.extraction.roles`.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from ingest.extraction.actions import BY_PRODUCT, Action, verbs
from ingest.extraction.gazetteer import Known, KnownActors, is_everyday_word
from ingest.extraction.organisation_kinds import Nature, nature_of
from ingest.extraction.tokens import Sentence, Token
from kb.reference.departments import NAMES
from kb.text.analysis import fold


class How(StrEnum):
    """By what an organisation is referred to."""

    KNOWN = "known"
    NAMED = "named"
    UNNAMED = "unnamed"
    PRONOUN = "pronoun"


@dataclass(frozen=True, slots=True)
class Reference:
    """`sentence.tokens[first:last]` stand for an organisation, with `likelihood` 0 to 1.

    `name` is how it would be written in a list of participants. `head` is the folded word that
    says what it is ("" for a bare name); `definite` tells "the hospital" from "a hospital";
    `number` is how many a plural says they are, 0 if it does not.
    """

    first: int
    last: int
    name: str
    how: How
    nature: Nature
    likelihood: float
    actor_ids: tuple[str, ...] = ()
    head: str = ""
    definite: bool = False
    plural: bool = False
    number: int = 0


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


INDEFINITE = _words(
    "un une des deux trois quatre cinq six plusieurs certains certaines quelques divers diverses "
    "autre autres nombreux nombreuses a an some several two three four five many other another "
    "various both"
)
DEFINITE = _words(
    "le la l' les ce cet cette ces son sa ses leur leurs notre nos the this that these those its "
    "their our du au aux chaque each his her"
)
PUBLIC_HEADS = _words(
    "mairie ville commune communes municipalite communaute agglomeration agglo metropole "
    "collectivite collectivites hopital hopitaux clinique cliniques ehpad ehpads prefecture "
    "prefectures ministere agence agences direction douane douanes chambre cci cma ars dreal "
    "ddpp dgccrf ansm ch syndicat reseau reseaux club clubs association associations plateforme "
    "federation pole cluster groupement union collectif lycee lycees ecole ecoles universite "
    "institut laboratoire laboratoires labo centre parc chu ght autorites autorite administrations "
    "administration prefet prefete conseil intercommunalite technopole fondation interprofession "
    "office inspection hospital hospitals council councils authority authorities agency "
    "agencies chamber network university laboratory lab labs school college ministry "
    "institute institutes prison prisons regulator regulators inspectorate trust clinic "
    "municipality platform "
    "federation customs "
    "soignants pharmacie pharmacies pharmacien pharmaciens infirmiers infirmieres nurses "
    "pharmacists departement region town city"
)
FIRM_HEADS = _words(
    "entreprise entreprises societe societes ste firme firmes groupe groupes usine usines atelier "
    "ateliers manufacture maison maisons fabricant fabricants fabricante producteur "
    "producteurs fournisseur fournisseurs industriel industriels distillerie distilleries "
    "distillateur distillateurs brasserie brasseries brasseur brasseurs cooperative cooperatives "
    "raffinerie centrale transporteur transporteurs logisticien logisticiens "
    "conditionneur conditionneurs embouteilleur partenaire partenaires pme start-up startup "
    "artisan artisans agriculteur agriculteurs ferme fermes eleveur eleveurs maraicher maraichers "
    "viticulteur viticulteurs negociant negociants grossiste grossistes recycleur recycleurs "
    "torrefacteur torrefacteurs imprimeur imprimeurs menuisier menuisiers plasturgiste "
    "plasturgistes verrier verriers chimiste tisseur tisseurs confectionneur confectionneurs "
    "couturieres couturiers scierie esat boulanger boulangers horticulteur pepinieriste "
    "methaniseur briquetier savonnier tonnelier tonneliers papetier cartonnier acheteurs acheteur "
    "piscine piscines creche creches cantine cantines hotel hotels restaurant restaurants "
    "supermarche magasin magasins eleveuse apiculteur apiculteurs paysagiste paysagistes "
    "couturiere "
    "tailleur tailleurs ebeniste ebenistes luthier relieur potier ceramiste ceramistes chaufferie "
    "prestataire prestataires sous-traitant equipementier cimentier cimenterie betteravier "
    "donneur repreneur acteurs acteur "
    "company companies firm firms plant plants factory factories workshop workshops maker makers "
    "manufacturer manufacturers producer producers supplier suppliers distiller distillers "
    "distillery distilleries brewer brewers brewery breweries refinery station mill mills haulier "
    "hauliers carrier carriers courier couriers packer packers bottler bottlers partner partners "
    "business businesses farmer farmers farm farms grower growers wholesaler wholesalers trader "
    "traders merchant recycler recyclers roaster roasters printer printers roofer roofers "
    "foundry sawmill bakery baker bakers nursery soapmaker soapworks weaver weavers tanner tannery "
    "cooperative startup works contractor contractors buyer buyers builder builders "
    "tailor tailors seamstresses polymer winery wineries dairy dairies creamery greenhouse "
    "glassworks "
    "brickworks shop shops garage garages fablab fablabs papeterie moulin moulins fumoir laiterie "
    "fromagerie chantier boulangere couturier mercerie ressourcerie "
    "recyclerie jardin jardins vigneron vignerons pecheur pecheurs ostreiculteur ostreiculteurs "
    "vineyard vineyards haras surgery surgeries champignonniere quincaillerie caisserie dealer "
    "dealers canteen "
    "canteens blanchisserie serre serres conserverie abattoir abattoirs voilerie forgeron "
    "serrurier imprimerie cartonnerie cabinet "
    "architecte traiteur traiteurs cuisinier cuisiniers bar bars hotels cafetier cafetiers "
    "concessionnaire garagiste garagistes carrossier loueur cordonnier cordonniers"
)
TRADE = re.compile(
    r"(?:[a-z]{3,}(?:erie|eries|ificateur|isateur|isateurs|urgiste|urgistes|works))$"
)
NOT_A_TRADE = _words(
    "matiere serie series theorie categorie galerie pluperie batterie batteries energie epidemie "
    "librairies messagerie hotellerie loterie garderie confrerie ingenierie intemperies soierie "
    "plaisanterie camaraderie industries interieurs networks frameworks fireworks "
    "maconnerie periurbanerie soufflerie machinerie tuyauterie billetterie etancheite peries "
    "coworks reworks billeterie lingerie couture vieillerie maladrerie etincellerie maroquinerie "
    "horlogerie "
    "bijouterie joaillerie papeteries logerie robinetterie chaudronnerie orfevrerie"
)
ABSTRACT = _words(
    "produit produits filiere filieres besoin besoins projet solution action actions demarche "
    "reponse question exemple cas article"
)
_MODIFIERS_BEFORE = _words(
    "petit petite petits petites grand grande grands grandes jeune jeunes autre autres meme "
    "nouveau nouvelle nouveaux nouvelles principal principaux premier premiere seul seule ancien "
    "ancienne deux trois quatre celebre vieille vieux propres"
)
_ADJECTIVE = re.compile(
    r"(?:al|ale|ales|aux|ique|iques|aire|aires|ois|oise|oises|ais|aise|aises|ien|ienne|iens|"
    r"iennes|el|elle|elles|els|ain|aine|aines|ains|if|ive|ifs|ives|eux|euse|euses|in|ins|ine|ines|"
    r"able|ables|iere|ieres|ible|ibles|ieur|ieure|ieurs|ieures|eenne|een|eens|ee|ees|ane|ans)$"
)
_ADJECTIVES = _words(
    "public publics publique prive privee prives privees voisin voisine voisins voisines "
    "partenaire "
    "partenaires bio textile textiles technique techniques proche proches locaux specialisee "
    "hospitaliers hospitalier universitaire chimique agricole agricoles mixte membre membres "
    "pharmaceutique d'insertion adaptee adaptees"
)
_NOT_ADJECTIVES = _words(
    "fait faits elle elles quelle quelles livree livrees venue venues installe "
    "situee situees habituee habituees capable capables susceptible susceptibles suceptible "
    "suceptibles fournie fournis "
    "reunies alors ainsi jamais mais vers afin enfin aux sans dans fin fabriquee produite matin "
    "desormais disponible disponibles bel tel telle plus tel aussi moins depuis"
)
_OF = _words("de d' du des")
_LINKS = _words("de d' du des la le l' les et & - of the and ' ’ en sur lès les")
_VERB_FORMS = _words(
    "est sont a ont etait etaient avait avaient sera seront fut furent peut peuvent fait font "
    "is are was were has have had will can does do did be been ne n' se s' y en lui leur qui que "
    "fabrique fabriquent produit produisent fournit fournissent livre livrent "
    "vend vendent achete achetent commande commandent transporte"
)
LEGAL_FORMS = _words(
    "sarl sas sasu sa eurl scop scic gmbh ltd plc inc sca snc gie ets ste cie earl gaec scea sci "
    "llc "
    "limited co corp"
)
_CIVILITY = _words("m mme mlle mr mrs ms dr monsieur madame maitre me")
_JOBS = re.compile(
    r"\b(?:direct(?:eur|rice|or)|gerante?|president(?:e)?|responsable|chef(?:fe)?|charge(?:e)?|"
    r"maire|adjoint(?:e)?|pdg|fondat(?:eur|rice)|cofondat\w+|dirigeant(?:e)?|patron(?:ne)?|"
    r"coordinat(?:eur|rice)|animat(?:eur|rice)|ingenieur(?:e)?|manager|head|chief|ceo|founder|"
    r"chairman|mayor|buyer|pharmacienne?|acheteuse|technicien(?:ne)?|conseiller(?:e)?|"
    r"chairwoman|editor|correspondent|officer|owner|co-owner|spokes\w+|redact\w+|journaliste|"
    r"elue?|deputee?)\b"
)
_SPEECH = _words(
    "explique raconte dit confie resume precise ajoute sourit temoigne indique souligne assure "
    "rappelle estime affirme says said explains explained adds recalls told tells laughs notes"
)
_PLACE_PREPOSITIONS = _words("a dans pres in at near vers aux around outside environs")
_REGIONS = _words(
    "nouvelle-aquitaine aquitaine limousin poitou bretagne normandie occitanie france europe chine "
    "asie perigord bearn bourgogne alsace provence charentes gascogne medoc danemark denmark "
    "china spain espagne italie italy allemagne germany belgique portugal "
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre january "
    "february march april may june july august september october november december lundi mardi "
    "mercredi jeudi vendredi samedi dimanche monday tuesday wednesday thursday friday saturday "
    "sunday covid covid-19 coronavirus noel paques etat spring summer autumn winter internet "
    "french danish english british european germans"
)
_ACRONYMS_NOT_ORGANISATIONS = _words(
    "pvc pet pehd pp abs eit sha pme pmi tpe rse ue covid ffp2 ffp1 ffp epi rh oms pib tva btp co2 "
    "pla uv 3d qr hse iso cnc dib sav ecs it ok www http https html pdf bois ce afnor gms cap "
    "eu uk us usa hdpe ppe who vat diy sme smes nace naf siret"
)
_FIRST_NAMES = _words(
    """armelle maud peio gael beatrix
    adele adrien agnes alain albert alexandra alexandre alexis alice aline amandine amelie anais
    andre andrea anna anne annie antoine antoinette arnaud arthur audrey aurelie aurelien axel
    baptiste beatrice benedicte benjamin benoit berengere bernadette bernard bertrand brigitte bruno
    camille capucine carine carole caroline catherine cecile cedric celine chantal charles charlotte
    chloe christelle christian christiane christine christophe claire clara claude claudine clement
    clementine colette coralie corinne cyril cyrille damien daniel danielle david delphine denis
    didier dominique edith edouard elise elodie emile emilie emma emmanuel emmanuelle eric estelle
    etienne eva fabien fabienne fabrice fanny florence florent florian franck francois francoise
    frederic frederique gabriel gaelle gael gerald gerard ghislaine gilbert gilles gregory guillaume
    gwenael gwendal guy helene henri herve hugo hugues ines irene isabelle jack jacques jacqueline
    james jane jean jeanne jerome joel joelle john jonathan joseph josette julia julie julien
    juliette justine karim karine kevin laetitia laura laure laurence laurent lea leo leon lionel
    lise loic louis louise luc lucas lucie lucien ludovic lydia madeleine maelle magali manon marc
    marcel margaux margot marguerite marie marina marine marion marthe martin martine mathieu
    mathilde matthieu maud maurice max maxime melanie michel michele michelle monique muriel myriam
    nadia nadine nathalie nathan nicolas nicole noemie odile olivia olivier pascal pascale patrice
    patricia patrick paul pauline peter philippe pierre quentin rachel raphael raymond remi remy
    rene richard robert robin roger roland romain sabine sabrina samuel sandra sandrine sarah
    sebastien serge severine simon simone solene sonia sophie stephane stephanie steven sylvain
    sylvie tanguy theo theodore therese thibault thibaut thierry thomas tom valentin valerie
    vanessa veronique victor vincent virginie xavier yann yannick yves yvette yvonne zoe mary susan
    karen linda emily sara george william henry edward alan andrew brian colin graham helen ian
    jennifer kate lars mette niels soren anders hanne ingrid kirsten oliver harriet nigel"""
)


class References:
    """Finds the references of the sentences of one article."""

    def __init__(self, sentences: Sequence[Sentence], actors: KnownActors) -> None:
        self._actors = actors
        self._lower: set[str] = set()
        self._capital: set[str] = set()
        for sentence in sentences:
            words = [token for token in sentence.tokens if token.is_word]
            self._lower |= {token.form for token in words if token.text.islower()}
            self._capital |= {token.form for token in words[1:] if token.is_capital}
        self._text = fold(" ".join(sentence.text for sentence in sentences))

    def of(self, sentence: Sentence) -> list[Reference]:
        """The references of a sentence, from left to right, none inside another."""
        taken = [False] * len(sentence.tokens)
        found: list[Reference] = []
        for known in self._actors.find(sentence.tokens):
            reference = self._known(sentence, known)
            if reference is not None:
                found.append(reference)
                taken[reference.first : reference.last] = [True] * (
                    reference.last - reference.first
                )
        found += self._unknown(sentence, taken)
        found.sort(key=lambda reference: reference.first)
        return list(_with_their_trade(sentence, found))

    # Known names

    def _known(self, sentence: Sentence, known: Known) -> Reference | None:
        tokens = sentence.tokens
        first, last = known.first, known.last
        while last < len(tokens) and tokens[last].form in LEGAL_FORMS and tokens[last].is_capital:
            last += 1
        words = [token for token in tokens[first:last] if token.is_word]
        telling = [token for token in words if token.form not in _LINKS]
        likelihood = self._certainty(sentence, known, telling)
        if not likelihood:
            return None
        ids = known.actor_ids
        if len(ids) > 1:
            ids, factor = self._told_apart(sentence, ids)
            likelihood *= factor
        name = self._actors.actors[known.actor_ids[0]].name
        nature = nature_of(name)
        if nature is Nature.MEDIA:
            nature = Nature.UNKNOWN
        return Reference(
            first,
            last,
            name,
            How.KNOWN,
            nature,
            likelihood * known.likeness,
            ids,
            head=_head_of(name),
            definite=True,
        )

    def _certainty(self, sentence: Sentence, known: Known, telling: Sequence[Token]) -> float:
        tokens = sentence.tokens
        capitals = sum(token.is_capital or token.text[:1].isdigit() for token in telling)
        before = tokens[known.first - 1] if known.first else None
        after = tokens[known.last] if known.last < len(tokens) else None
        if len(telling) == 1 or capitals == 0:
            one = telling[0]
            if not capitals:
                return 0.0 if len(telling) < 3 else 0.8
            starts = before is None or before.text in {":", "«", "“", '"', "(", "•", "?", "!"}
            if starts and (one.form in self._lower or is_everyday_word(one.form)):
                return 0.0
            if is_everyday_word(one.form) or len(one.form) < 3:
                return 0.3
            said = self._actors.places
            if one.form in said and before and before.form in {*_PLACE_PREPOSITIONS, *_OF, "en"}:
                return 0.0
            if one.form in said and after and after.form in {"(", ","} and starts:
                return 0.3
            if one.form in self._lower:
                return 0.4
        if (
            before is not None
            and before.is_word
            and before.is_capital
            and known.first > 1
            and before.form not in _LINKS
            and not is_everyday_word(before.form)
        ):
            if before.form in _FIRST_NAMES:
                return 0.0
            if nature_of(before.form) is Nature.UNKNOWN and before.form not in LEGAL_FORMS:
                return 0.4
        if before is not None and before.form in _FIRST_NAMES and before.is_capital:
            return 0.0
        if before is not None and before.form in _CIVILITY:
            return 0.0
        if before is not None and before.text == "." and known.first > 1:
            civility = tokens[known.first - 2]
            if civility.form in _CIVILITY and civility.is_capital:
                return 0.0
        if (
            after is not None
            and after.is_word
            and after.is_capital
            and after.form not in LEGAL_FORMS
            and len(telling) == 1
            and after.start == tokens[known.last - 1].end + 1
        ):
            return 0.6
        return 0.97

    def _told_apart(
        self, sentence: Sentence, ids: tuple[str, ...]
    ) -> tuple[tuple[str, ...], float]:
        """Of several with one name, the one whose place the text names; nearer words win."""
        here, text = fold(sentence.text), self._text
        points = {}
        for id_ in ids:
            actor = self._actors.actors[id_]
            place = fold(actor.place)
            department = fold(NAMES.get(actor.department, ""))
            points[id_] = (
                4 * bool(place and _says(here, place))
                + 2 * bool(place and _says(text, place))
                + bool(department and _says(text, department))
            )
        best = max(points.values())
        leaders = [id_ for id_ in ids if points[id_] == best]
        if best and len(leaders) == 1:
            return (leaders[0],), 0.9
        return tuple(leaders), 0.6

    # Names that are not known, and those who have none

    def _unknown(self, sentence: Sentence, taken: list[bool]) -> Iterator[Reference]:
        at = 0
        tokens = sentence.tokens
        while at < len(tokens):
            if taken[at] or not tokens[at].is_word:
                at += 1
                continue
            person = self._person_end(tokens, at)
            if person:
                taken[at:person] = [True] * (person - at)
                at = person
                continue
            reference = self._with_head(sentence, at, taken)
            end = at + 1
            if reference is None:
                reference, end = self._bare(sentence, at, taken)
            if reference is not None and not any(taken[reference.first : reference.last]):
                yield reference
                end = max(reference.last, end)
            if end > at + 1 or reference is not None:
                taken[at:end] = [True] * (end - at)
            at = end

    def _with_head(self, sentence: Sentence, at: int, taken: list[bool]) -> Reference | None:
        tokens = sentence.tokens
        form = tokens[at].form
        public = form in PUBLIC_HEADS
        trade = form not in FIRM_HEADS and not public
        if trade and not (TRADE.search(form) and form not in NOT_A_TRADE):
            return None
        if tokens[at].text.isupper() and len(form) > 1 and not public:
            return None
        if tokens[at].text in {"groupé", "Groupé", "groupés"}:
            return None  # "a groupé" is no "groupe"
        end, name_at = self._extent(tokens, at, taken)
        start, determiner = _left(tokens, at, taken)
        if form == "works" and start == at:
            return None
        if _is_sold(tokens, start) or (trade and determiner == "" and name_at < 0):
            return None
        words = tokens[at:end]
        proper = name_at >= 0
        if not proper and determiner == "" and start and tokens[start - 1].form in {"de", "d'"}:
            before = " ".join(token.form for token in tokens[max(0, start - 4) : start])
            if not (form.endswith("s") and BY_PRODUCT.search(before)):
                return None  # "drêche de brasserie" speaks of no brewery
        name = _written(sentence, start, end)
        if proper and not public and tokens[name_at].form not in LEGAL_FORMS:
            after = sentence.text[tokens[name_at].start : tokens[end - 1].end]
            # "l'entreprise Sendo" is called Sendo; "la brasserie Dalons" is a Brasserie Dalons.
            plural = form.endswith("s")  # "les distillateurs Merlet et Rivat"
            generic = (form in _GENERIC_FIRM or plural) and tokens[at].text.islower()
            name = (
                after
                if generic
                else _capitalised(sentence.text[tokens[at].start : tokens[end - 1].end])
            )
        if proper and public:
            name = _capitalised(sentence.text[tokens[at].start : tokens[end - 1].end])
        ids = self._actors.named(name) if proper else ()
        if proper and not ids and "(" not in name:
            ids = self._actors.named(sentence.text[tokens[at].start : tokens[end - 1].end])
        full = sentence.text[tokens[start].start : tokens[end - 1].end]
        nature = nature_of(
            full if not proper else sentence.text[tokens[at].start : tokens[end - 1].end]
        )
        if proper or (public and _is_acronym(tokens[at]) and form in _NAMED_ACRONYMS):
            how = How.KNOWN if ids else How.NAMED
            if ids:
                ids, factor = (ids, 1.0) if len(ids) == 1 else self._told_apart(sentence, ids)
                return Reference(
                    start,
                    end,
                    self._actors.actors[ids[0]].name,
                    how,
                    nature,
                    0.95 * factor,
                    ids,
                    head=form,
                    definite=True,
                )
            return Reference(start, end, name, how, nature, 0.9, head=form, definite=True)
        of_somebody = start > 1 and tokens[start - 1].form == "s" and not tokens[start - 2].is_word
        definite = determiner in DEFINITE or of_somebody
        plural = form.endswith(("s", "x"))
        if determiner == "" and not plural and sentence.part.value == "body" and len(words) < 2:
            likelihood = 0.6
        else:
            likelihood = 0.85
        return Reference(
            start,
            end,
            _capitalised(name),
            How.UNNAMED,
            nature,
            likelihood,
            head=form,
            definite=definite,
            plural=plural,
            number=_NUMBERS.get(_number_before(tokens, at), 0) if plural else 0,
        )

    def _extent(self, tokens: Sequence[Token], at: int, taken: Sequence[bool]) -> tuple[int, int]:
        """Where the phrase of a head ends, and where a proper name begins in it (−1: nowhere)."""
        end = at + 1
        public = tokens[at].form in PUBLIC_HEADS
        while end < len(tokens) and (
            _is_adjective(tokens, end, taken)
            or (tokens[at].form in {"town", "city"} and tokens[end].form in {"hall", "council"})
        ):
            end += 1
        complements = 0
        while end < len(tokens) and not taken[end]:
            token = tokens[end]
            region = token.form in _REGIONS and tokens[at].form not in _OF_A_REGION
            if token.is_word and token.is_capital and not region:
                if end == at + 1 and tokens[at].form in {"partenaires", "voisins", "adherents"}:
                    break
                name_end = self._name_end(tokens, end, taken)
                return name_end, end
            if token.form not in _OF and not (
                token.form == "of" or (token.form == "for" and tokens[at].form in _FOR_SOMETHING)
            ):
                break
            inner = end + 1
            while inner < len(tokens) and tokens[inner].form in {"la", "le", "l'", "les", "the"}:
                inner += 1
            if inner >= len(tokens) or not tokens[inner].is_word or taken[inner]:
                break
            if tokens[inner].is_capital and tokens[inner].form not in _ACRONYMS_NOT_ORGANISATIONS:
                name_end = self._name_end(tokens, inner, taken)
                if public or tokens[end].form == "des" or (at and tokens[at].is_capital):
                    return name_end, inner
                # "une entreprise de Cognac" has no name, it has a place.
                return (name_end if tokens[at].form in _OF_PLACE else end), -1
            if complements == 2 or tokens[inner].form in _VERB_FORMS | _INFINITIVES:
                break
            if tokens[inner].form.endswith("er") and verbs(tokens[inner].form):
                break
            complements += 1
            end = inner + 1
            while end < len(tokens) and (
                _is_adjective(tokens, end, taken)
                or (token.form in {"of", "for"} and end < inner + 3 and _goes_on(tokens[end]))
            ):
                end += 1
            if (
                end + 2 < len(tokens)
                and tokens[end].form == "et"
                and tokens[end + 1].form in {"de", "d'"}
                and tokens[end + 2].form not in FIRM_HEADS | PUBLIC_HEADS
                and tokens[end + 2].is_word
                and tokens[end + 2].text.islower()
                and complements == 1
            ):
                end += 3
            elif (
                public
                and end + 1 < len(tokens)
                and tokens[end].form == "et"
                and tokens[end + 1].form in {"d'", "de"}
            ):
                end += 1
        return end, -1

    def _name_end(self, tokens: Sequence[Token], at: int, taken: Sequence[bool]) -> int:
        end = at + 1
        while end < len(tokens) and not taken[end]:
            token = tokens[end]
            if token.is_word and (
                token.is_capital
                or token.form in LEGAL_FORMS
                or (token.text.isdigit() and token.end - token.start < 3)
            ):
                end += 1
                continue
            if (
                token.text in {"-", "‐"}
                and end + 1 < len(tokens)
                and token.start == tokens[end - 1].end
                and tokens[end + 1].start == token.end
            ):
                end += 2
                continue
            ahead = end
            while ahead < len(tokens) and tokens[ahead].form in _LINKS and ahead - end < 3:
                ahead += 1
            if (
                ahead > end
                and ahead < len(tokens)
                and not taken[ahead]
                and tokens[ahead].is_word
                and tokens[ahead].is_capital
                and not (tokens[end].form in {"et", "and"} and tokens[ahead - 1].form in _LINKS)
                and (
                    tokens[end].form not in {"le", "la", "les", "en", "l'", "sur", "the"}
                    or tokens[end - 1].text == "-"
                    or tokens[ahead - 1].text == "-"
                )
            ):
                if tokens[end].form in {"et", "and", "&"} and tokens[end].form != "&":
                    break
                if any(tokens[each].form == "-" for each in range(end, ahead)) or tokens[
                    end
                ].form in {*_OF, "of", "&"}:
                    end = ahead + 1
                    continue
            break
        return end

    def _bare(self, sentence: Sentence, at: int, taken: list[bool]) -> tuple[Reference | None, int]:
        """A name that only its capital tells, if one begins here, and where to read on."""
        tokens = sentence.tokens
        token = tokens[at]
        nothing = (None, at + 1)
        if (
            not token.is_capital
            or token.form in _CIVILITY
            or token.form in _REGIONS
            or len(token.form.removesuffix("'")) == 1
        ):
            return nothing
        end = self._name_end(tokens, at, taken)
        if end < len(tokens) and not taken[end] and tokens[end].form in _AFTER_A_NAME:
            end += 1  # "Channings Wood prison"
        words = [each for each in tokens[at:end] if each.is_word and each.form not in _LINKS]
        if _starts(tokens, at) and not self._opens_with_a_name(sentence, at, end, len(words)):
            return nothing
        if len(words) == 1 and token.form in _ACRONYMS_NOT_ORGANISATIONS:
            return None, end
        if (
            at
            and _GENTILE.search(token.form)
            and len(words) == 1
            and tokens[at - 1].form in {"le", "la", "les", "l'", "des", "un", "une", "the"}
        ):
            return None, end
        before = tokens[at - 1] if at else None
        after = tokens[end].form if end < len(tokens) else ""
        is_brand = after in _BRANDS or (before is not None and before.form in _BRANDS)
        if self._is_person(tokens, at, end) or is_brand:
            return None, end
        name = sentence.text[token.start : tokens[end - 1].end]
        if not any(each.form not in INDEFINITE | DEFINITE for each in words):
            return nothing
        if fold(name) in _REGIONS:
            return None, end
        nature = nature_of(name)
        likelihood = 0.7
        if any(each.form in LEGAL_FORMS for each in words) and len(words) > 1:
            likelihood = 0.95
        elif nature not in {Nature.UNKNOWN, Nature.MEDIA}:
            likelihood = 0.85
        elif self._is_place(tokens, at, end, len(words)):
            return None, end
        if _is_acronym(token) and len(words) == 1 and nature is Nature.UNKNOWN:
            likelihood = 0.5
        ids = self._actors.named(name)
        how = How.NAMED
        if ids:
            how = How.KNOWN
            ids, factor = (ids, 1.0) if len(ids) == 1 else self._told_apart(sentence, ids)
            likelihood *= factor
        reference = Reference(
            at, end, name, how, nature, likelihood, ids, head=_head_of(name), definite=True
        )
        return reference, end

    def _opens_with_a_name(self, sentence: Sentence, at: int, end: int, length: int) -> bool:
        """Whether the capital that opens a sentence is a name's.

        A name comes back with its capital, or is at once followed by a verb, as nouns without an
        article are not in French.
        """
        tokens = sentence.tokens
        token = tokens[at]
        if (
            token.form in _SENTENCE_OPENERS
            or token.form in INDEFINITE | DEFINITE
            or is_everyday_word(token.form)
            or token.form in _PLACE_PREPOSITIONS
            or (length == 1 and verbs(token.form))
        ):
            return False
        if token.form in self._capital and token.form not in self._lower:
            return True
        if length > 1 and (token.form not in self._lower or tokens[at + 1].is_capital):
            return True
        if token.form in self._lower or _NOT_A_NAME.search(token.text):
            return False
        after = [each.form for each in tokens[end : end + 3]]
        if not after:
            return False
        if after[0] in {"les", "la", "le", "l'", "en", "y", "lui", "leur", "se", "s'"}:
            return len(after) > 1  # a pronoun has its verb after it
        if after[0] in _ENGLISH_BE or after[0].endswith("ing"):
            return False  # "Bottles were supplied": nouns stand alone in English
        return (
            after[0] in _VERB_FORMS
            or (
                after[0] == ","
                and len(after) > 2
                and (after[2] not in {"and", "et", ","} or tokens[end + 1].is_capital)
            )
            or (bool(verbs(after[0])) and not tokens[end].text.endswith("s"))
        )

    def _person_end(self, tokens: Sequence[Token], at: int) -> int:
        """Where the name of a person that begins here ends, 0 if none begins."""
        if not tokens[at].is_capital:
            return 0
        end = at
        while (
            end < len(tokens)
            and end - at < 6
            and (
                tokens[end].is_capital
                or (
                    tokens[end].text in {"-", "."}
                    and end + 1 < len(tokens)
                    and tokens[end + 1].is_capital
                )
            )
        ):
            end += 1
        if any(
            token.form in LEGAL_FORMS or nature_of(token.form) is not Nature.UNKNOWN
            for token in tokens[at + 1 : end]
        ):
            return 0
        if tokens[at].form in _CIVILITY and end - at > 1 and not tokens[at].text.isupper():
            return end
        if tokens[at].form in _CIVILITY and len(tokens[at].text) == 1 and end - at > 2:
            return end
        known_first = tokens[at].form in _FIRST_NAMES and len(tokens[at].text) > 1
        return end if known_first and end - at > 1 else 0

    def _is_place(self, tokens: Sequence[Token], at: int, end: int, length: int) -> bool:
        words = " ".join(token.form for token in tokens[at:end] if token.is_word)
        if words in self._actors.places or words in _DEPARTMENTS:
            return True
        before = tokens[at - 1] if at else None
        if before is None:
            return False
        if before.form == "a" and before.text not in {"à", "À"}:
            return False
        if before.form in _PLACE_PREPOSITIONS:
            return before.form not in {"a", "aux"} or not _gives(tokens, at)
        if length > 1:
            return False
        near = " ".join(token.form for token in tokens[max(0, at - 4) : at])
        if length == 1 and before.form in {"de", "d'", "of", "from"} and BY_PRODUCT.search(near):
            return False  # "slag from X", "les chutes de X"
        if before.form in {"de", "d'", "of"} and at > 1 and is_head(tokens[at - 2].form):
            return True
        if before.form in {"de", "d'", "of", "from", "to", "en"}:
            return not _gives(tokens, at)
        return False

    def _is_person(self, tokens: Sequence[Token], at: int, end: int) -> bool:
        words = [token for token in tokens[at:end] if token.is_word]
        if len(words) > 1 and any(token.form in LEGAL_FORMS for token in words):
            return False
        if words[0].form in _FIRST_NAMES and nature_of(words[0].form) is Nature.UNKNOWN:
            return True
        if at and (tokens[at - 1].form in _CIVILITY or tokens[at - 1].form in _SPEECH):
            return True
        if at > 1 and tokens[at - 1].text == "." and tokens[at - 2].form in _CIVILITY:
            return tokens[at - 2].is_capital
        if at and _JOBS.fullmatch(tokens[at - 1].form):
            return True
        following = " ".join(token.form for token in tokens[end : end + 4])
        if following.startswith(", ") and _JOBS.match(
            following[2:].removeprefix("la ").removeprefix("le ").removeprefix("the ")
        ):
            return True
        return bool(end < len(tokens) and tokens[end].form in _SPEECH and len(words) == 2)


_ENGLISH_BE = _words("is are was were can will do does did had")
_BRANDS = _words("marque marques brand brands label labels gamme gammes logiciel")
_NOT_A_NAME = re.compile(r"(?:ment|ly|er|ez|ons|ing|é|ée|és|ées|[nt]ir|dre|tre)$", re.IGNORECASE)
_GENTILE = re.compile(r"(?:ais|ois|iens?|aises?|oises?|iennes?|ains|aines)$")


def _starts(tokens: Sequence[Token], at: int) -> bool:
    return at == 0 or tokens[at - 1].text in {
        ":",
        "«",
        "“",
        '"',
        "•",
        "?",
        "!",
        "–",
        "—",
        ".",
        "(",
        "…",
    }


_COMES = re.compile(r"(?:arriv|proven|provien)")


def _gives(tokens: Sequence[Token], at: int) -> bool:
    """Whether a verb of giving or taking goes before: what follows "à" is then no place."""
    return any(
        {Action.SUPPLY, Action.BUY, Action.TAKE, Action.RECEIVE} & set(verbs(token.form))
        or _COMES.match(token.form)
        for token in tokens[max(0, at - 9) : at]
    )


def _with_their_trade(sentence: Sentence, references: Sequence[Reference]) -> Iterator[Reference]:
    """The references, "la maison Decourt" and "les ateliers de Decourt" being one each."""
    waiting: Reference | None = None
    for reference in references:
        owned = waiting is not None and _owns(sentence, reference, waiting)
        if waiting is not None and (owned or _is_trade_of(sentence, waiting, reference)):
            nature = reference.nature
            if nature is Nature.UNKNOWN and not owned:
                nature = waiting.nature
            head = reference.head or ("" if owned else waiting.head)
            waiting = replace(reference, first=waiting.first, nature=nature, head=head)
            continue
        if waiting is not None:
            yield waiting
        waiting = reference
    if waiting is not None:
        yield waiting


def _is_trade_of(sentence: Sentence, trade: Reference, name: Reference) -> bool:
    """Whether a name follows what its bearer does for a living: "la maison Decourt"."""
    between = [token.form for token in sentence.tokens[trade.last : name.first]]
    return (
        trade.how is How.UNNAMED
        and name.how is not How.UNNAMED
        and between in ([], ["«"], ['"'], ["“"])
    )


def _owns(sentence: Sentence, name: Reference, part: Reference) -> bool:
    """Whether a name is that of whose workshop or site was spoken of."""
    between = " ".join(token.form for token in sentence.tokens[part.last : name.first])
    return (
        part.how is How.UNNAMED
        and name.how is not How.UNNAMED
        and part.head in _PARTS_OF_A_FIRM
        and between in {"de", "d'", "du", "of", "de la", "de l'"}
    )


_INFINITIVES = _words("etre avoir faire pouvoir devoir savoir produire fournir vendre")
_FOR_SOMETHING = _words("centre center agency institute association network")
_PARTS_OF_A_FIRM = _words(
    "atelier ateliers usine usines laboratoire laboratoires site distillerie workshop workshops "
    "factory plant works labs maison groupe societe entreprise"
)
_DEPARTMENTS = frozenset(" ".join(re.findall(r"[^\W_]+", fold(name))) for name in NAMES.values())
_GENERIC_FIRM = _words("entreprise societe ste firme groupe maison fabricant company firm start-up")
_OF_PLACE = _words("raffinerie centrale distillerie distilleries brasserie brasseries savonnerie")
_OF_A_REGION = _words("region departement conseil chambre prefecture agence university universite")
_NAMED_ACRONYMS = _words("ars dreal cci cma ddpp dgccrf ansm chu ght")
_ADVERB = re.compile(r"(?:ment|ly)$")
_SENTENCE_OPENERS = _words(
    "reste rien tout toute chacun aucun nul quand comment combien pourquoi selon apres avant "
    "pendant durant lors voici voila face grace suite resultat bilan merci ici la-bas aujourd "
    "hier demain depuis malgre entre contre sans sous enfin ensuite puis ainsi alors "
    "cependant toutefois pourtant bref autre quelle quels celui celle ceux celles cela ceci "
    "nobody everybody everyone someone nothing something every each all most many some both "
    "there here then today yesterday meanwhile however although while once after before "
    "during since until unlike like thanks according source sources photo reportage temoignage "
    "parce near around outside inside under over behind below above start take look each no "
    "not only what how why when where who"
)


def is_head(form: str) -> bool:
    """Whether a folded word says what kind of organisation it stands for."""
    trade = TRADE.search(form) is not None and form not in NOT_A_TRADE
    return form in FIRM_HEADS or form in PUBLIC_HEADS or trade


def _is_acronym(token: Token) -> bool:
    return token.text.isupper() and 2 <= len(token.form) <= 6


def _goes_on(token: Token) -> bool:
    """Whether a word may go on an English compound: "the transfer of ceramic technologies"."""
    return (
        token.is_word
        and token.text.islower()
        and not is_everyday_word(token.form)
        and token.form not in _VERB_FORMS | _NOT_ENGLISH_MODIFIERS
        and not verbs(token.form)
    )


def _is_adjective(tokens: Sequence[Token], at: int, taken: Sequence[bool]) -> bool:
    token = tokens[at]
    if taken[at] or not token.is_word or not token.text[:1].islower():
        return token.is_capital and token.form in _ADJECTIVES and not taken[at]
    form = token.form
    if form in _VERB_FORMS or form in _NOT_ADJECTIVES or is_everyday_word(form):
        return False
    if form in _ADJECTIVES:
        return True
    if form.endswith("ive") and verbs(form):
        return False  # "receive"
    return len(form) > 3 and bool(_ADJECTIVE.search(form))


def _left(tokens: Sequence[Token], at: int, taken: Sequence[bool]) -> tuple[int, str]:
    """Where the phrase of a head begins, its determiner left out, and that determiner."""
    start = at
    while start and not taken[start - 1]:
        before = tokens[start - 1]
        if before.form in INDEFINITE and before.form not in {"autre", "autres", "other", "a"}:
            return start, before.form
        if before.form == "a" and before.text in {"a", "A"}:
            return start, "a"
        if before.form in DEFINITE:
            return start, before.form
        if before.form in _MODIFIERS_BEFORE:
            start -= 1
            continue
        english = (
            before.text.islower()
            and before.is_word
            and before.form not in _NOT_ENGLISH_MODIFIERS
            and before.form not in _VERB_FORMS
            and not is_everyday_word(before.form)
            and tokens[at].form in _ENGLISH_HEADS
            and at - start < 4
            and (before.form.endswith("ing") or not verbs(before.form))
        )
        if not english and start == 1 and tokens[at].form in _ENGLISH_HEADS:
            # "Container makers joined in": the capital is the sentence's.
            english = (
                before.is_word
                and not before.text[1:].isupper()
                and not is_everyday_word(before.form)
                and before.form not in _SENTENCE_OPENERS
                and not verbs(before.form)
            )
        if start > 1 and tokens[start - 2].form in {"which", "who", "that"}:
            english = False  # "which follows public buyers"
        hyphen = before.text == "-" and start > 1 and tokens[start - 2].end == before.start
        if english or (hyphen and tokens[at].form in _ENGLISH_HEADS):
            start -= 1
            continue
        break
    if (
        start
        and tokens[start - 1].form in {"d'", "de"}
        and tokens[start].form in {"autres", "anciens", "nombreux", "grands", "petits"}
    ):
        return start, "des"
    return start, ""


_ENGLISH_HEADS = _words(
    "company companies firm firms plant plants factory factories workshop workshops maker makers "
    "manufacturer manufacturers producer producers supplier suppliers distiller distillers "
    "distillery distilleries brewer brewers brewery breweries refinery station mill mills haulier "
    "hauliers carrier carriers courier couriers packer packers bottler bottlers partner partners "
    "business businesses farmer farmers farm farms grower growers wholesaler wholesalers trader "
    "traders merchant recycler recyclers roaster roasters printer printers roofer roofers "
    "foundry sawmill bakery baker bakers nursery weaver weavers tanner tannery cooperative "
    "startup works "
    "contractor contractors buyer buyers builder builders tailor tailors "
    "hospital hospitals council councils authority authorities agency agencies chamber network "
    "university laboratory lab labs school college ministry regulator regulators trust clinic "
    "town city "
    "winery wineries platform"
)
_AFTER_A_NAME = _words(
    "hospital prison school university college council brewery distillery refinery mill works farm "
    "dealers makers hauliers company workshop factory clinic lab"
)
_NOT_ENGLISH_MODIFIERS = _words(
    "to at from by with of for in on and or but as than then bought buys made makes supplied gave "
    "would could should may might must ever never always often only also already then very "
    "asked found uses used help helps helped told via through between local's including includes"
)


_NUMBERS = {
    "deux": 2,
    "trois": 3,
    "quatre": 4,
    "cinq": 5,
    "six": 6,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "both": 2,
}


def _number_before(tokens: Sequence[Token], at: int) -> str:
    return next(
        (token.form for token in reversed(tokens[max(0, at - 3) : at]) if token.form in _NUMBERS),
        "",
    )


def _is_sold(tokens: Sequence[Token], start: int) -> bool:
    return start > 0 and tokens[start - 1].form in {"produits", "produit"}


def _written(sentence: Sentence, start: int, end: int) -> str:
    """The phrase as a name."""
    tokens = sentence.tokens
    return _capitalised(sentence.text[tokens[start].start : tokens[end - 1].end])


def _capitalised(name: str) -> str:
    return name[:1].upper() + name[1:]


def _head_of(name: str) -> str:
    words: list[str] = re.findall(r"[^\W_]+", fold(name))
    for word in words:
        if word in PUBLIC_HEADS or word in FIRM_HEADS or TRADE.search(word):
            return word
    return ""


def _says(text: str, words: str) -> bool:
    return bool(re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text))
