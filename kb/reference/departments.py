"""The departments of France: their codes, their names, and how people write them.

The codes are those of INSEE, the names those of the official geographic code. The overseas
collectivities (975, 977, 987…) are not departments and are not here.
"""

import re
from collections.abc import Mapping
from types import MappingProxyType

from slugify import slugify

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "01": "Ain",
        "02": "Aisne",
        "03": "Allier",
        "04": "Alpes-de-Haute-Provence",
        "05": "Hautes-Alpes",
        "06": "Alpes-Maritimes",
        "07": "Ardèche",
        "08": "Ardennes",
        "09": "Ariège",
        "10": "Aube",
        "11": "Aude",
        "12": "Aveyron",
        "13": "Bouches-du-Rhône",
        "14": "Calvados",
        "15": "Cantal",
        "16": "Charente",
        "17": "Charente-Maritime",
        "18": "Cher",
        "19": "Corrèze",
        "2A": "Corse-du-Sud",
        "2B": "Haute-Corse",
        "21": "Côte-d'Or",
        "22": "Côtes-d'Armor",
        "23": "Creuse",
        "24": "Dordogne",
        "25": "Doubs",
        "26": "Drôme",
        "27": "Eure",
        "28": "Eure-et-Loir",
        "29": "Finistère",
        "30": "Gard",
        "31": "Haute-Garonne",
        "32": "Gers",
        "33": "Gironde",
        "34": "Hérault",
        "35": "Ille-et-Vilaine",
        "36": "Indre",
        "37": "Indre-et-Loire",
        "38": "Isère",
        "39": "Jura",
        "40": "Landes",
        "41": "Loir-et-Cher",
        "42": "Loire",
        "43": "Haute-Loire",
        "44": "Loire-Atlantique",
        "45": "Loiret",
        "46": "Lot",
        "47": "Lot-et-Garonne",
        "48": "Lozère",
        "49": "Maine-et-Loire",
        "50": "Manche",
        "51": "Marne",
        "52": "Haute-Marne",
        "53": "Mayenne",
        "54": "Meurthe-et-Moselle",
        "55": "Meuse",
        "56": "Morbihan",
        "57": "Moselle",
        "58": "Nièvre",
        "59": "Nord",
        "60": "Oise",
        "61": "Orne",
        "62": "Pas-de-Calais",
        "63": "Puy-de-Dôme",
        "64": "Pyrénées-Atlantiques",
        "65": "Hautes-Pyrénées",
        "66": "Pyrénées-Orientales",
        "67": "Bas-Rhin",
        "68": "Haut-Rhin",
        "69": "Rhône",
        "70": "Haute-Saône",
        "71": "Saône-et-Loire",
        "72": "Sarthe",
        "73": "Savoie",
        "74": "Haute-Savoie",
        "75": "Paris",
        "76": "Seine-Maritime",
        "77": "Seine-et-Marne",
        "78": "Yvelines",
        "79": "Deux-Sèvres",
        "80": "Somme",
        "81": "Tarn",
        "82": "Tarn-et-Garonne",
        "83": "Var",
        "84": "Vaucluse",
        "85": "Vendée",
        "86": "Vienne",
        "87": "Haute-Vienne",
        "88": "Vosges",
        "89": "Yonne",
        "90": "Territoire de Belfort",
        "91": "Essonne",
        "92": "Hauts-de-Seine",
        "93": "Seine-Saint-Denis",
        "94": "Val-de-Marne",
        "95": "Val-d'Oise",
        "971": "Guadeloupe",
        "972": "Martinique",
        "973": "Guyane",
        "974": "La Réunion",
        "976": "Mayotte",
    }
)

_CODE = re.compile(r"\b(?:2[ab]|\d+)\b", re.IGNORECASE)
_ARTICLE = re.compile(r"^(?:la|le|les|l) ")


def _folded(name: str) -> str:
    """The name without case, accents, punctuation or leading article."""
    return _ARTICLE.sub("", slugify(name.replace("’", "'"), separator=" "))


_CODES_BY_NAME = {_folded(name): code for code, name in NAMES.items()}


def department_code(text: str) -> str:
    """The code of the department that `text` names, or "" when `text` is blank.

    Understands a code ("16", "1", "2a"), a name ("Charente", "la charente") and both together
    in either order ("16 - Charente", "Charente (16)"). A postcode is not taken for a department:
    some communes have the postcode of their neighbours.

    Raises:
        ValueError: it names no department, or its code and its name are of two departments.
    """
    if not text.strip():
        return ""
    shown = repr(text if len(text) <= 60 else f"{text[:59]}…")
    codes: list[str] = _CODE.findall(text)
    name = _folded(_CODE.sub(" ", text))
    if len(codes) > 1:
        raise ValueError(f"{shown} holds more than one number")
    if not codes:
        if name not in _CODES_BY_NAME:
            raise ValueError(f"{shown} is not a department of France")
        return _CODES_BY_NAME[name]
    code = codes[0].upper().lstrip("0").zfill(2)
    if code not in NAMES:
        advice = ": write 2A or 2B for Corsica" if code == "20" else ""
        raise ValueError(f"{shown} is not a department of France{advice}")
    if name and name != _folded(NAMES[code]):
        raise ValueError(f"{shown} gives two departments: {code} is {NAMES[code]}")
    return code
