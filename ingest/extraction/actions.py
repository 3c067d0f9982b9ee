"""What organisations do for a case, and the words that say so, in French and in English.

An action is recognised by a verb, or by a noun under a verb that only says that it was done
("assurer le transport"). The lists are by meaning; who the doer is, is for
`ingest.extraction.roles`.
"""

import re
from enum import StrEnum
from functools import lru_cache

from kb.reference.roles import Role


class Action(StrEnum):
    MAKE = "make"
    TRANSFORM = "transform"
    USE = "use"
    SUPPLY = "supply"
    BUY = "buy"
    RECEIVE = "receive"
    TAKE = "take"
    PACK = "pack"
    CARRY = "carry"
    TEST = "test"
    FACILITATE = "facilitate"
    PERMIT = "permit"
    GATHER = "gather"
    JOIN = "join"
    NEED = "need"


ROLE_OF_DOER: dict[Action, tuple[tuple[Role, float], ...]] = {
    Action.MAKE: ((Role.PRODUCER, 0.9),),
    Action.TRANSFORM: ((Role.PRODUCER, 0.85),),
    Action.USE: ((Role.PRODUCER, 0.62), (Role.BUYER, 0.45)),
    Action.SUPPLY: ((Role.SUPPLIER, 0.85),),
    Action.BUY: ((Role.BUYER, 0.9),),
    Action.RECEIVE: ((Role.BUYER, 0.65),),
    Action.TAKE: ((Role.PRODUCER, 0.6), (Role.BUYER, 0.45)),
    Action.PACK: ((Role.REPACKAGER, 0.85),),
    Action.CARRY: ((Role.CARRIER, 0.85),),
    Action.TEST: ((Role.LABORATORY, 0.8),),
    Action.FACILITATE: ((Role.FACILITATOR, 0.85),),
    Action.PERMIT: ((Role.AUTHORITY, 0.85),),
    Action.GATHER: ((Role.NETWORK, 0.6), (Role.FACILITATOR, 0.4)),
    Action.JOIN: (),
    Action.NEED: ((Role.BUYER, 0.5),),
}


def _er(stems: str) -> str:
    """The forms, folded, of French verbs in -er, of which the stems are given."""
    endings = (
        "e|es|ent|er|ait|aient|ant|a|erent|era|eront|erait|eraient|ons|ez|ee|ees|eons|"
        "eait|eaient|eant|ea"
    )
    return rf"(?:{stems})(?:{endings})"


def _en(stems: str) -> str:
    """The forms of regular English verbs, of which the stems are given without a final e."""
    return rf"(?:{stems})(?:e|s|es|ed|ing|d|ies|ied|y|ying)?"


_VERBS: dict[Action, str] = {
    Action.MAKE: "|".join(
        (
            _er(
                "fabriqu|confectionn|elabor|formul|mont|usin|moul|extrud|brass|distill|tricot|"
                "melang|faconn|assembl|prepar|imprim|piqu|decoup|dos|mitonn|forg|"
                "cultiv|refabriqu|bross|coul|lanc|pouss|taill|pli|bricol"
            ),
            r"produi(?:t|ts|te|tes|sent|re|sait|saient|sant|sit|sirent|ra|ront)",
            r"reprodui\w+",
            r"cou(?:d|sent|dre|sait|saient|su|sue|sus|sues|dra|dront|sant)",
            r"conc(?:u|ue|us|ues|oit|oivent|evoir|evait|evaient|evant)",
            r"tiss(?:e|ent|er|ait|ee|es|ees)",
            r"fabric(?:ate|ated|ates|ating)",
            r"(?:make|makes|made|making|sew|sews|sewn|sewed|sewing|knit|knits|knitted|knitting|"
            r"build|builds|built|building|brew|brews|brewed|weave|wove|woven|spun)",
            _en(
                "produc|manufactur|assembl|formulat|blend|mix|mould|mold|print|stitch|craft|"
                "distil|distill|prepar|extrud|press|churn"
            ),
            r"grows?|grown|grew|mixing|printing|manufacturing|stitching|cutting",
        )
    ),
    Action.TRANSFORM: "|".join(
        (
            _er(
                "transform|recycl|valoris|broi|broy|incorpor|reutilis|reemploi|reemploy|compact|"
                "sech|seche|refond|fond|granul|method|methanis|compost|revaloris|brul"
            ),
            r"(?:convert|converts|converted|converting|reuse|reuses|reused|reusing)",
            r"(?:refondre|fondent|refondent|refondu\w*|convertit|convertissent|converti\w*)",
            r"(?:grind|grinds|ground|grinding|shred|shreds|shredded|turns|turned|melt|melts|"
            r"melted|dries|dried)",
            _en(
                "crush|ferment|pelletis|recycl|upcycl|transform|compost|pelletis|pelletiz|extract|incorporat|digest"
            ),
        )
    ),
    Action.USE: "|".join(
        (
            _er("utilis|nourri|consomm|chauff|exploit|absorb|aliment"),
            r"epand\w*|spread|spreads",
            r"(?:se sert|se servent|use|uses|used|using|burn|burns|burned|burnt|heats|heated|runs)",
            _en("consum|absorb|utilis"),
        )
    ),
    Action.SUPPLY: "|".join(
        (
            _er(
                "livr|depann|approvisionn|ced|donn|distribu|pret|apport|procur|offr|expedi|proposai|"
                "envoi|envoy|reced|factur|debarrass|confi|laiss|vers|deliv|alloue|post|rachemin"
            ),
            r"fourni(?:t|ts|e|es|s|ssent|ssait|ssaient|ssant|r|ra|ront|rent)?",
            r"vend(?:|ent|re|ait|aient|u|ue|us|ues|ra|ront|it|irent|ant)",
            r"offr(?:e|ent|ir|ait|aient|it|irent)|offert\w*",
            r"cede\w*",
            r"(?:gave|give|gives|given|giving|sell|sells|sold|selling|send|sends|sent|sending|"
            r"lend|lends|lent)",
            _en("suppl|provid|deliver|donat|furnish|contribut|sourc|releas|suppli|pip"),
        )
    ),
    Action.BUY: "|".join(
        (
            _er("achet|command|acquer|financ|rachet|reserv"),
            r"acquis(?:|e|es|ition)|acquier\w+|acquer\w+",
            r"s'?approvisionn\w+",
            r"(?:buy|buys|bought|buying|purchas\w*|orders|ordered|ordering|"
            r"procure|procured|procures)",
        )
    ),
    Action.RECEIVE: "|".join(
        (
            r"rec(?:oit|oivent|u|ue|us|ues|evoir|evait|evaient|eption\w+)",
            _er("beneficie|benefici|receptionn|equip|dot"),
            _en("receiv"),
            r"(?:got|gets)",
        )
    ),
    Action.TAKE: "|".join(
        (
            _er("recuper|collect|ramass|accept|absorb|rachet|embarqu|debarrass|enlev"),
            r"repr(?:end|ennent|is|ise|ises|endre|enait|enaient)",
            r"recueill\w+|accueill(?:e|ent|i|ie|ies|ait|aient|ir)",
            r"(?:take|takes|took|taken)",
            _en("collect|recover|accept"),
        )
    ),
    Action.PACK: "|".join(
        (
            _er(
                "condition|conditionn|reconditionn|embouteill|ensach|etiquet|embal|emball|"
                "flaconn|mett|bouch"
            ),
            r"empli\w*|rempli(?:t|ssent|e|es|s|r|ssait|ssaient)?",
            _en("bottl|repackag|packag|pack|decant|label|fill|can"),
            r"repacked|repack|bottling|filling",
        )
    ),
    Action.CARRY: "|".join(
        (
            _er("transport|achemin|convoi|convoy|affret|charri|vehicul|camionn|voitur|roul"),
            r"sillonn\w+",
            _en("transport|haul|truck|ferr|ship|cart|driv|carri|carr"),
            r"(?:drove|driven)",
        )
    ),
    Action.TEST: "|".join(
        (
            _er(
                "essai|essay|test|analys|control|controll|mesur|certifi|homologu|verifi|expertis|caracteris|"
                "titr|evalu"
            ),
            _en("test|analys|analyz|measur|certif|check|assay|assess|verif|sampl"),
        )
    ),
    Action.FACILITATE: "|".join(
        (
            _er(
                "identifi|coordonn|anim|facilit|accompagn|pilot|reper|orchestr|rapproch|mobilis|"
                "recens|sollicit|rassembl|connect|interrog|aiguill|federe|feder|contact|reli|"
                "orient|cartographi|appel|appell|centralis|organis|propos|initi|impuls|alert|"
                "convi|invit|present|cherch|trouv|parrain|conseill|demarch|rel"
            ),
            r"reuni(?:t|ssent|r|e|es|s|ssait|ssaient)?",
            r"fait le lien|font le lien|joue|jouent",
            r"(?:found|finds|brought|brings|bring|put|puts|led|leads|ran|matched|linked|link|"
            r"convened|hosted|spotted|traced|rang|phoned|asked|knew)",
            _en(
                "identif|coordinat|broker|introduc|connect|match|facilitat|organis|organiz|"
                "mobilis|mobiliz|steer|mediat|approach|conven|orchestrat|match|link|advis|"
                "conven|chair|spot"
            ),
        )
    ),
    Action.PERMIT: "|".join(
        (
            _er("autoris|valid|agre|accord|homologu|derog|approuv|deliv|delivr|sign|leve|lev"),
            r"permet(?:tait|taient|tent|tra|tant)?|permis(?:e|es)?|permettre",
            _en(
                "authoris|authoriz|approv|licens|licenc|clear|grant|permit|permitt|certif|waiv|"
                "sign|issu|validat|allow|exempt"
            ),
        )
    ),
    Action.GATHER: "|".join(
        (
            _er("diffus|relay|relai|partag|publi|heberg|racont|valoris|capitalis|recens"),
            r"reuni(?:t|ssent|r|e|es|s)?",
            _er("organis|anim|rassembl|feder"),
            _en("shar|publish|host|relay|circulat|gather|organis|organiz|spread|broadcast"),
            r"(?:held|holds|ran|runs|told)",
        )
    ),
    Action.JOIN: "|".join(
        (
            _er("particip|contribu|particip|complet|renforc|particip|associ|mobilis|epaul"),
            r"rejoi(?:nt|gnent|ndre|nts|nte)|joint",
            _en("join|help|particip|contribut|assist"),
        )
    ),
}
_PATTERNS = {action: re.compile(pattern) for action, pattern in _VERBS.items()}

BY_PRODUCT = re.compile(
    r"\b(?:dust|dechets?|chutes?|rebuts?|dreches?|petit lait|drafts?|co ?-?produits?|"
    r"sous - produits?|residus?|marcs?|boues?|cendres?|"
    r"poussieres?|gaz|sciures?|copeaux|lies?|effluents?|gravats|surplus|excedents?|waste|wastes|"
    r"scraps?|offcuts|leftovers|spent|wet grain|grains? (?:de brasserie|humides?)|ash|gypsum|"
    r"slag|laitiers?|sludge|slurry|residues?|trimmings|by - products?|"
    r"whey|husks|pulp|sawdust|shavings|ecorces?|petit - lait|lactoserum|used|usages?|usagees?|"
    r"sacs? (?:vides?|de cafe|de toile)|coffee (?:sacks|grounds)|vapeur|steam|cooling water|"
    r"chaleur|heat|fatale|noyaux|coques|husks|coffee grounds|warm air|usees?|bagasse|fumier|manure|"
    r"coquilles|shells|prunings|sarments|yeast|levures|feathers|plumes|carcasses|epluchures|"
    r"peelings|rinds?|invendus|tombees)\b"
)
"""What is left over where something else is made, in folded words joined by blanks."""

# Verbs that say one of these things only together with another word of their clause. The second
# pattern is looked for in the folded words that follow, as far as the clause goes.
_PHRASES: tuple[tuple[Action, re.Pattern[str], re.Pattern[str] | None], ...] = tuple(
    (action, re.compile(verb), re.compile(rest) if rest else None)
    for action, verb, rest in (
        (
            Action.PACK,
            r"mis|mise|mises|met|mettent|mettre|mettait|put|puts",
            r"^(?:\S+ ){0,6}?(?:en|dans (?:de |des )?(?:petits )?|in|"
            r"into)(?: \S+){0,2} ?(?:flacons?|bouteilles?|bidons?|sachets?|cartons?|bottles?|"
            r"jerrycans?|sacs|containers|pots|vials|fioles)",
        ),
        (
            Action.SUPPLY,
            r"mis|mise|mises|met|mettent|mettre|mettait",
            r"^(?:\S+ ){0,6}?(?:a (?:la )?disposition|en commun)",
        ),
        (
            Action.SUPPLY,
            r"hand|hands|handed|pass|passes|passed|put",
            r"^(?:\S+ ){0,8}?(?:over|on|down|available|to)\b",
        ),
        (Action.SUPPLY, r"make|makes|made", r"^(?:\S+ ){0,8}?available\b"),
        (Action.SUPPLY, r"dispos(?:e|ent|ait|aient)", r"^(?:de|d'|du|des)\b"),
        (Action.CARRY, r"pris|prises?|prend|prennent", r"^(?:\S+ ){1,4}?en charge\b"),
        (
            Action.TEST,
            r"mis|mise|mises|met|mettent|mettre",
            r"^(?:\S+ ){0,2}?au point (?:\S+ ){0,2}?(?:formules?|recettes?|procedes?)",
        ),
        (Action.MAKE, r"mis|mise|mises|met|mettent|mettre", r"^(?:\S+ ){0,2}?au point\b"),
        (
            Action.SUPPLY,
            r"laiss\w+|rejet\w+|gener\w+|jet(?:te|tent|ait|aient)|avai(?:t|ent)|a|ont|had|has|have|"
            r"dispos\w+|pours?|poured|discharge[sd]?|emit\w*|generate[sd]?|throws?|threw|"
            r"gives?|gave|retrouve\w*|stock\w*|leaves?|accumul\w+|entass\w+",
            r"^(?:(?:sur les bras|avec|chaque hiver|chaque annee|deux cents|cent|away|off|out|"
            r"\w+ tonnes of|tonnes|a lot of|a great deal of|tons of|tonnes of|too much|plus de|"
            r"trop de|toujours|encore|chaque \S+|de|des|du|d'|le|la|les|l'|un|une|ses|leurs?|its|"
            r"their|some|more|\d+|tonnes|beaucoup) )*" + BY_PRODUCT.pattern,
        ),
        (
            Action.TAKE,
            r"est|sont|etait|etaient|se|s'|is|was|were",
            r"^(?:\S+ ){0,2}?(?:preneurs?|preneuses?|porte\w* acquereu\w+|a taker|takers)\b",
        ),
        (Action.USE, r"sert|servent|servi|makes?|made", r"^(?:pour|comme|use of|good use of)\b"),
        (
            Action.FACILITATE,
            r"mis|mise|mises|met|mettent|mettre|mettait|put|puts",
            r"^(?:\S+ ){0,10}?(?:en (?:relation|contact|lien)|autour|in (?:touch|contact)|"
            r"together|around)",
        ),
        (
            Action.FACILITATE,
            r"fait|font|faire|faisait|a fait|joue|jouent|jouer|tenu|served|acted|played|plays|"
            r"acts|act",
            r"^(?:\S+ ){0,3}?(?:le lien|la liaison|l' intermediaire|les presentations|"
            r"l' interface|le role de|un role de|le relais|as (?:the |an? )?(?:broker|go between|"
            r"intermediary|matchmaker|facilitator)|the go between|role d')",
        ),
        (
            Action.FACILITATE,
            r"brought|brings|bring|called|calls|got",
            r"^(?:\S+ ){0,10}?(?:together|round|around|meeting|table)",
        ),
        (
            Action.FACILITATE,
            r"passe|passes|passer|decroche|tire|made|makes",
            r"^(?:\S+ ){0,4}?(?:coups? de (?:fil|telephone)|introductions?|the introductions?)",
        ),
        (
            Action.TRANSFORM,
            r"tire|tirent|tirer|turn|turns|turned|turning|made|makes|make|change|changes",
            r"^(?:\S+ ){0,8}?(?:into|parti|out of)\b",
        ),
        (Action.TRANSFORM, r"fait|font|faire|faisait", r"^(?:des|du|de la|un|une|son|sa)\b"),
        (
            Action.MAKE,
            r"fait|font|faire|faisait|faisaient",
            r"^(?:des|du|de la|de l'|les|leurs|ses)\b",
        ),
        (
            Action.MAKE,
            r"mis|mise|mises|met|mettent|mettre|passe|passee|passent|passes|turned|switched|"
            r"switches|turns|moved|turn",
            r"^(?:aussi |maintenant |alors |its lines? |over |their lines? )?(?:a la|au|aux|a l'|"
            r"to) (?!disposition|point|jour|service|rebut|poubelle|profit)",
        ),
        (
            Action.MAKE,
            r"lance|lancee|lances|lancent|convertie?s?|reconvertie?s?|plonge\w*",
            r"^(?:\S+ )?(?:dans la|dans le|dans les|a la|au) (?:\S+ ){0,2}",
        ),
        (
            Action.NEED,
            r"cherch\w+|reclam\w+|recherch\w+|needed|wanted|sought|lacked|needs",
            r"^(?:des|du|de la|de l'|un|une|de quoi|\d+|desperately|urgently|badly|more|\w+)\b",
        ),
        (
            Action.NEED,
            r"avait|avaient|ont|a|had|ran|was|were|runs|running|lance\w*|manqu\w+|etait|etaient|"
            r"faced|launched",
            r"^(?:\S+ ){0,3}?(?:besoin|short of|out of|un appel|de (?:masques|gel|gants|blouses|"
            r"visieres|surblouses)|a court|need of|shortage|an appeal|a call)\b",
        ),
        (
            Action.MAKE,
            r"switched|switches|turned|moved|converted|shifted",
            r"^(?:\S+ ){1,4}?(?:over to|to) ",
        ),
        (Action.MAKE, r"sorti|sortie|sorties", r"^(?:des|une?|la|leurs?|ses|son|sa|ses|\d+)\b"),
        (
            Action.MAKE,
            r"annonce|annoncent|annoncait|announced|announces",
            r"^(?:\S+ ){0,1}?(?:des|une?|de la|that it would|fabri\w+|produ\w+)",
        ),
        (
            Action.MAKE,
            r"reorient\w+|reconvert\w+|adapt\w+|modifi\w+|consacr\w+|reconfigur\w+|bascul\w+|"
            r"detourn\w+|dedi\w+|repurpos\w+|retool\w+|converted|devot\w+|reserv\w+|arret\w+|"
            r"transform\w+",
            r"^(?:\S+ ){0,5}?(?:lignes?|ateliers?|machines?|chaines?|production|outil|lines?|"
            r"workshop|plant|factory|production)\b",
        ),
        (
            Action.BUY,
            r"passe|passee|passees|passent|passer|place|placed|places|signe|signed|lance|lancent",
            r"^(?:\S+ ){0,6}?(?:commandes?|marches?|appel d' offres|orders?|contracts?|achats?)\b",
        ),
        (
            Action.BUY,
            r"pay|pays|paid|paying|paye|payent|paie|paient|payer|regle|reglent",
            r"^(?:for|half|part|the|la moitie|une partie|la premiere|les premier\w+|la facture|"
            r"le lot|les? lots?|la commande)\b",
        ),
        (
            Action.BUY,
            r"garanti\w*|assur\w+|promis\w*|promet\w*|guarantee\w*|promised|committed|engage\w*|"
            r"pre commande\w*|precommand\w+",
            r"^(?:\S+ ){0,8}?(?:debouche\w*|volumes?|commandes?|achats?|acheter|orders?|buy|"
            r"to buy|quantites?)\b",
        ),
        (
            Action.BUY,
            r"utilise\w*|active\w*|actionne\w*|used|mobilise\w*|pulled",
            r"^(?:\S+ ){0,4}?(?:levier|commande publi\w+|achats? publi\w+|public procurement|"
            r"purchasing|marches? publi\w+|procurement)\b",
        ),
        (
            Action.PERMIT,
            r"donne|donnee|donnent|donner|obtenu\w*|rendu|gave|gives|given|issued|emis",
            r"^(?:\S+ ){0,4}?(?:feu vert|accord|aval|autorisations?|derogations?|agrements?|avis|"
            r"green light|permission|approval|go ahead|permits?|consent|licen[cs]es?)\b",
        ),
        (
            Action.PERMIT,
            r"signe\w*|pris\w*|delivr\w+|accord\w+|leve\w*|assoupli\w*|relaxed|lifted|granted|"
            r"published",
            r"^(?:\S+ ){0,4}?(?:arrete\w*|derogations?|autorisations?|decrets?|permis|agrements?|"
            r"regles?|rules?|permits?|licen[cs]es?|restrictions?)\b",
        ),
        (
            Action.CARRY,
            r"assur\w+|effectu\w+|made|ran|run|runs|did|fait|font",
            r"^(?:\S+ ){0,4}?(?:livraisons?|tournees?|transports?|navettes?|acheminement|"
            r"deliveries|rounds?|haulage|runs?|collecte)\b",
        ),
        (
            Action.CARRY,
            r"livr\w+",
            r"^(?:\S+ ){0,6}?(?:gratuitement|par camion|a velo|chaque|porte)\b",
        ),
        (
            Action.GATHER,
            r"tenu\w*|tient|monte\w*|held|holds",
            r"^(?:\S+ ){0,4}?(?:webinaires?|ateliers?|reunions?|rencontres?|webinars?|workshops?|"
            r"meetings?|newsletter)\b",
        ),
    )
)

# What is done, as a noun; counts under a verb of doing, and after "par les soins de" and the like.
_NOUNS: tuple[tuple[Action, re.Pattern[str]], ...] = tuple(
    (action, re.compile(pattern))
    for action, pattern in (
        (
            Action.PACK,
            r"(?:re)?conditionnement|embouteillage|mise en (?:flacons?|bouteilles?)|ensachage|"
            r"etiquetage|remplissage|flaconnage|emballage|colisage|mise sous pli|bottling|"
            r"packaging|repackaging|repacking|packing|filling|labelling",
        ),
        (
            Action.CARRY,
            r"transports?|livraisons?|acheminement|tournees?|logistique|convoyage|haulage|"
            r"deliver(?:y|ies)|shipping|trucking|logistics|distribution",
        ),
        (
            Action.TEST,
            r"analyses?|tests?|essais?|controles? (?:de )?qualite|dosages?|mesures|testing|"
            r"trials?|quality (?:checks?|control)",
        ),
        (
            Action.MAKE,
            r"fabrication|production|confection|couture|formulation|assemblage|decoupe|impression|"
            r"moulage|montage|manufactur(?:e|ing)|making|sewing|assembly",
        ),
        (
            Action.TRANSFORM,
            r"recyclage|transformation|valorisation|broyage|sechage|recycling|grinding|drying",
        ),
        (Action.SUPPLY, r"fourniture|approvisionnement|supply|supplies|matieres? premieres?"),
        (
            Action.FACILITATE,
            r"coordination|mise en relation|animation|intermediation|pilotage|accompagnement|"
            r"secretariat|ingenierie|facilitation|brokering|match ?making",
        ),
        (Action.PERMIT, r"autorisations?|derogations?|agrements?|permits?|licen[cs]es?"),
        (Action.BUY, r"achats?|commandes?|purchas(?:e|es|ing)|orders?"),
    )
)
_DOING = re.compile(
    _er("assur|realis|effectu|gere|ger|men|assum|honor|confi|financ|reconnu|lanc|demarr|sous-trait")
    + r"|charg(?:e|ent|er|ee|es|ait|aient)|prend|prennent|pris|prise|prises|prendre|prenait|"
    r"occup(?:e|ent|er|ee|ait)|handl(?:e|es|ed)|took|take|takes|taken|carri(?:ed|es)|ran|run|did|"
    r"does|do|undertook|undertaken|fait|font|reprend|participe|participent|participer|contribue|"
    r"contribuent|helped|perform(?:ed|s)|oversaw|oversees|saw"
)

FIGURATIVE = re.compile(
    r"^(?:\S+ ){0,2}?(?:images?|exemples?|idees?|raison|lieu|sens|preuves?|reponses?|impression|"
    r"avantages?|lecons?|vie|suite|envie|rendez vous|coup d' oeil|voix|temps|interets?|"
    r"examples?|ideas?|proof|answers?|lessons?|time|reasons?|rise|way|up)\b"
)
"""What is given or brought without anything being supplied, in the words after the verb."""

# Nouns that say of an organisation beside them what it did: "avec le soutien de la CCI".
_SUPPORT: tuple[tuple[Role, float, re.Pattern[str]], ...] = tuple(
    (role, weight, re.compile(pattern))
    for role, weight, pattern in (
        (
            Role.FACILITATOR,
            0.6,
            r"(?:(?:avec|grace a|par) (?:le |l' |la )?(?:soutien|appui|aide|concours|entremise|"
            r"intermediaire|accompagnement|coordination|impulsion)|sous l' (?:impulsion|egide)|"
            r"sous la (?:houlette|coordination|conduite)|a l' (?:initiative|invitation)|"
            r"with the (?:help|support|backing)|at the (?:initiative|invitation|instigation)|"
            r"coordination|mise en relation|thanks to the (?:efforts|work)|through the (?:offices|"
            r"work)) (?:de|d'|du|des|of|par|by)$",
        ),
        (
            Role.AUTHORITY,
            0.75,
            r"(?:feu vert|aval|accord|autorisations?|derogations?|agrements?|validation|"
            r"avis (?:favorable)?|permission|approval|green light|consent|go ahead|sign off|"
            r"blessing|licen[cs]e)(?: \S+){0,2} (?:de|d'|du|des|of|from|par|by)$",
        ),
        (
            Role.BUYER,
            0.6,
            r"(?:commandes?|achats?|orders?|purchases?) (?:passees? |groupees? |publics? )?(?:de|"
            r"d'|du|des|from|par|of|by)$",
        ),
        (
            Role.LABORATORY,
            0.6,
            r"(?:analyses?|tests?|essais?|mesures|tests) (?:\S+ )?(?:de|d'|du|des|par|chez|by|at|"
            r"from)$",
        ),
        (
            Role.CARRIER,
            0.6,
            r"(?:camions?|transports?|lorries|trucks|vans?|tournees?) (?:de|d'|du|des|of|from|par|"
            r"by)$",
        ),
        (
            Role.SUPPLIER,
            0.55,
            r"(?:venue?s?|vien(?:t|nent)|venai(?:t|ent)|proven\w+|provien\w+|issue?s?|arriv\w+|"
            r"came|"
            r"comes|coming|sourced|"
            r"achetee?s?) (?:tout droit )?(?:de|d'|du|des|de chez|from|chez|aupres de|out of)$",
        ),
        (
            Role.PRODUCER,
            0.65,
            r"(?:sortent|sort|sorti|sortis|sortie|sorties|sortaient|came out|come out|"
            r"left) (?:tout droit )?(?:de|d'|du|des|de chez|of)(?: l'| la| les)?(?: ateliers?|"
            r" usines?| lignes?| machines?| workshops?)?(?: de| d'| du)?$",
        ),
        (
            Role.SUPPLIER,
            0.75,
            BY_PRODUCT.pattern + r"(?: \S+){0,3} (?:de|d'|du|des|of|from|chez)"
            r"(?: (?:la|le|l'|les|the))?(?: \S+ - \S+)?$",
        ),
        (
            Role.NETWORK,
            0.6,
            r"(?:webinaires?|webinars?|adherents?|membres?|members?|newsletter|rencontres?|"
            r"reunions?) (?:\S+ )?(?:de|d'|du|des|of)$",
        ),
    )
)


@lru_cache(maxsize=100_000)
def verbs(form: str) -> tuple[Action, ...]:
    """The actions that a folded word, read as a verb, can say."""
    return tuple(action for action, pattern in _PATTERNS.items() if pattern.fullmatch(form))


def phrase_actions(form: str, following: str) -> list[Action]:
    """The actions that a word says together with the folded words that follow it."""
    return [
        action
        for action, verb, rest in _PHRASES
        if verb.fullmatch(form) and rest is not None and rest.search(following)
    ]


def is_doing(form: str) -> bool:
    """Whether a folded word is a verb that leaves it to a noun to say what is done."""
    return bool(_DOING.fullmatch(form))


def noun_actions(words: str) -> list[tuple[int, Action]]:
    """The actions named by nouns in folded words joined by blanks, and where each begins."""
    return [
        (match.start(), action)
        for action, pattern in _NOUNS
        for match in re.finditer(rf"(?<!\S)(?:{pattern.pattern})(?!\S)", words)
    ]


def support(words_before: str) -> list[tuple[Role, float]]:
    """The roles that the folded words just before an organisation give it."""
    return [(role, weight) for role, weight, pattern in _SUPPORT if pattern.search(words_before)]
