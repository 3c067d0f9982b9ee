from dataclasses import replace

import pytest

from kb.models import Case, Participation
from kb.reference.roles import Flow, Role
from kb.text.flow import case_flow, flow_of, gives_up, takes_in

OFFERING = [
    "Que faire de nos épluchures de pommes de terre ?",
    "qui pourrait nous débarrasser de vieux pneus", "quelqu'un pour reprendre des cagettes en bois",
    "un repreneur pour 300 m² de moquette de salon", "trouver un débouché à nos rebuts de cuir",
    "écouler deux tonnes de pommes invendues", "qui voudrait des fûts métalliques vides ?",
    "nous avons une presse disponible deux jours par semaine", "valoriser des coquilles d'huîtres",
    "nos copeaux d’acier", "what could we do with oyster shells?",
    "someone to take old office chairs away", "get rid of paint cans",
    "an outlet for our apple pomace", "who would take sheep's wool?", "our offcuts of leather",
    "reusing fire hoses",
    "je brade mon four à bois", "une collection de pots de peinture, à qui les confier ?",
    "fermeture du restaurant, tout doit partir", "où envoyer nos uniformes usés",
    "glassware up for grabs", "outlet wanted for misshapen carrots",
    "chairs looking for a new home", "don de machines à coudre",
]  # fmt: skip
SEEKING = [
    "je cherche du marc de café pour cultiver des champignons", "recherche des palettes usagées",
    "où trouver des chutes de cuir", "louer une nacelle", "qui vend des bocaux ?",
    "looking for surplus fabric", "who sells glass jars?", "hire a crane",
]  # fmt: skip
SHARING = [
    "mutualiser une chambre froide entre trois maraîchers",
    "partager un atelier avec d'autres artisans",
    "un achat groupé de granulés de bois",
    "share a delivery van with neighbouring farms",
    "joint purchase of solar panels",
]
UNSAID = [
    "bocaux en verre", "sauce tomate", "plastique recyclé", "recycled plastic bottles",
    "qui sait donner de la tenue à une lotion trop liquide ?", "swimming pool", "tri sélectif",
    "qui peut enlever une tache de graisse ?", "reprendre une affaire de famille",
    "nappes à donner à laver", "who picks up passengers with reduced mobility?",
    "reprendre les ourlets de pantalons",
]  # fmt: skip


def test_a_need_says_which_way_it_goes() -> None:
    cases: list[tuple[str, Flow | None]] = [
        *((text, Flow.OFFERS) for text in OFFERING), *((text, Flow.SEEKS) for text in SEEKING),
        *((text, Flow.SHARES) for text in SHARING), *((text, None) for text in UNSAID),
    ]  # fmt: skip
    for text, flow in cases:
        assert flow_of(text) is flow


@pytest.mark.parametrize(
    ("text", "gives", "takes"),
    [
        ("a cédé ses drêches à un éleveur", True, False),
        ("L'usine fournit à ses voisins de l'eau tiède et des boues.", True, False),
        ("gave away its coffee grounds", True, False),
        ("supplied fly ash to a cement works", True, False),
        ("collecte et composte les épluchures des cantines", False, True),
        ("a fait de ses chutes une ligne de sacs", False, True),
        ("made soap from spent brewery grain", False, True),
        ("Les déchets de bois y sont broyés. L'entreprise en fait des panneaux.", False, False),
        ("a fourni des bocaux en verre", False, False),
        ("supplied glass jars", False, False),
        # What stands first is what the firm does; the rest is what becomes of it.
        ("a cédé ses chutes, que le voisin recycle", True, False),
    ],
)
def test_the_text_of_a_firm_says_whether_it_gives_or_takes(
    text: str, gives: bool, takes: bool
) -> None:
    assert (gives_up(text), takes_in(text)) == (gives, takes)


def test_the_flow_of_a_case_is_said_or_that_of_its_need_or_of_who_gave_up_what() -> None:
    case = Case("c", "Un cas", "Un texte.", need="Un débouché pour nos rebuts de cuir")
    assert case_flow(case) is Flow.OFFERS
    assert case_flow(replace(case, flow="seeks")) is Flow.SEEKS
    unsaid = replace(case, need="Du cuir pour des sacs")
    assert case_flow(unsaid) is None
    gave = Participation("Tannerie", Role.SUPPLIER, contribution="a cédé ses chutes de cuir")
    assert case_flow(replace(unsaid, participants=(gave,))) is Flow.OFFERS
    bought = replace(gave, role=Role.BUYER)
    assert case_flow(replace(unsaid, participants=(bought,))) is None
