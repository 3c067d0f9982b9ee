"""The labels of notices and the fields that they announce: "Auteur de la page", "Mots-clés :"."""

import re
from enum import StrEnum
from typing import NamedTuple

from ingest.articles import lexicon


class Announced(StrEnum):
    """The field that a label announces. `JOB`: of the person named before it."""

    TITLE = "title"
    AUTHOR = "author"
    MODERATOR = "moderator"
    JOB = "job"
    DATE = "date"
    MODIFIED = "modified"
    MODERATED = "moderated"
    THEMES = "themes"
    CATEGORIES = "categories"
    SECTION = "section"
    OTHER = "other"


DATES = frozenset({Announced.DATE, Announced.MODIFIED, Announced.MODERATED})
PEOPLE = frozenset({Announced.AUTHOR, Announced.MODERATOR})


class Label(NamedTuple):
    announced: Announced
    pattern: re.Pattern[str]
    then: Announced | None  # the field of a date without a label of its own that follows
    is_verb: bool  # whether the value follows without a colon
    is_weak: bool  # whether the words also begin ordinary sentences


_PIECE = lexicon.any_of("labels", "pieces")
_THING = (
    rf"(?:(?:cet(?:te)?\s+|cette\s+|ce\s+|this\s+|the\s+|un\s+|une\s+|le\s+|la\s+|a\s+|an\s+)?"
    rf"{_PIECE}\s+(?:(?:a ete|est|was|has been)\s+)?)?"
)
_ENDING = r"(?:e|\(e\)|·e|\.e)?"
_PAST = rf"{lexicon.any_of('labels', 'written_french')}{_ENDING}s?"
_ENGLISH_PAST = lexicon.any_of("labels", "written_english")
_CHECKS = rf"{lexicon.any_of('labels', 'checked_french')}{_ENDING}s?"
_CHECKED = rf"{_CHECKS}(?: et (?:{_CHECKS}|publie{_ENDING}s?|mis{_ENDING}s? en ligne))?"
_ENGLISH_CHECKED = lexicon.any_of("labels", "checked_english")
_CHANGED = rf"{lexicon.any_of('labels', 'changed_french')}{_ENDING}s?"
_ENGLISH_CHANGED = lexicon.any_of("labels", "changed_english")
_AUTHOR_NOUN = r"(?:aut(?:eur|rice)(?:\.rice|·rice|/rice|\(rice\)|e|\(e\))?s?(?:\(s\))?|autrices?)"
_OF_PAGE = r"(?:\s+(?:de la (?:page|fiche|note)|de l'article|du (?:texte|billet|document)))?"


def _labels() -> tuple[Label, ...]:
    def label(
        announced: Announced,
        pattern: str,
        then: Announced | None = None,
        *,
        verb: bool = False,
        weak: bool = False,
    ) -> Label:
        return Label(announced, re.compile(rf"(?:{pattern})(?![\w'-])"), then, verb, weak)

    a = Announced
    return (
        label(a.TITLE, r"titre(?: de (?:la fiche|l'article))?|title|objet|sujet|subject|intitule"),
        # People, with a verb: the name follows.
        label(a.AUTHOR, rf"{_THING}{_PAST}(?: et [a-z' ]{{3,25}}?)? par"
              rf"|(?:un |une |le |la )?{_PIECE}(?: et photos?)?"
              r" (?:(?<!interview )(?<!portrait )(?:de|d')|par|signee?)",
              a.DATE, verb=True),
        label(a.AUTHOR, rf"{_THING}{_ENGLISH_PAST} by|(?:text|words|story|report(?:ing)?"
              rf"|article|interview|(?:an? |the )?{_PIECE})(?: and (?:photos|pictures))? by",
              a.DATE, verb=True),
        label(a.MODERATOR, rf"{_THING}{_CHECKED} par|{_THING}(?:{_ENGLISH_CHECKED}|edited) by"
              r"|(?:relecture|validation|moderation) (?:de|par)", a.MODERATED, verb=True),
        label(a.OTHER, rf"{_THING}(?:derniere )?{_CHANGED} par|{_THING}(?:last )?{_ENGLISH_CHANGED}"
              r" by", a.MODIFIED, verb=True),
        label(a.OTHER, r"(?:photos?|images?|illustrations?|credits?(?: photos?)?|pictures?)"
              r"(?: by| de|\s?:)|traduit(?:e)? par|translated by", verb=True),
        # Dates.
        label(a.MODERATED, rf"(?:date de )?(?:derniere )?(?:moderation|validation|relecture"
              r"|verification|approbation)"
              rf"(?: le)?|(?:last )?(?:moderation|moderated|{_ENGLISH_CHECKED})(?: on)?"
              rf"|{_THING}{_CHECKED}(?: en \w+)?(?: le)?", a.MODERATED, verb=True),
        label(a.MODIFIED, r"(?:date de )?(?:la )?(?:derniere )?(?:mise a jour|modification"
              r"|actualisation|maj|edition|revision|relecture)(?: (?:de|par) l'"
              rf"{_AUTHOR_NOUN}|{_OF_PAGE})(?: le)?|modifications? de l'{_AUTHOR_NOUN}(?: le)?"
              rf"|{_THING}{_CHANGED}(?: pour la derniere fois)?"
              rf"(?: par l'{_AUTHOR_NOUN}| par la redaction)?(?: le)?"
              rf"|{_THING}(?:last )?(?:{_ENGLISH_CHANGED}|update|modification|revision)(?: on)?"
              r"|(?:date )?modified", a.MODIFIED, verb=True),
        label(a.DATE, rf"{_THING}{_PAST}(?: en ligne)?(?: le)?|(?:date de )?(?:publication"
              r"|parution|redaction|creation|mise en ligne)(?: le)?"
              rf"|{_THING}(?:first )?(?:{_ENGLISH_PAST})(?: on)?|date published"
              r"|(?:publication|creation|release) date|date de l'article|date|envoye(?: le)?|sent"
              r"|message",
              a.DATE, verb=True),
        # People, with a noun: a colon, a name, or nothing follows.
        label(a.AUTHOR, rf"(?:l')?{_AUTHOR_NOUN}{_OF_PAGE}|redact(?:eur|rice)s?"
              r"|(?:redaction|textes?)(?: (?:et|&) [a-z' ]{3,25}?)?"
              r"|(?:text|words)(?: and [a-z]{3,12})?"
              r"|authors?|writers?|written by|contribut(?:eur|rice|or)s?|secretaire de seance"
              r"|rapport(?:eur|euse)(?: de seance)?|page author|a propos de l'auteur"
              r"|about the author|signature|de|from", a.DATE),
        label(a.MODERATOR, rf"(?:le |la )?moderat(?:eur|rice)s?{_OF_PAGE}|moderators?|validat(?:eur"
              r"|rice)|relect(?:eur|rice)|reviewers?|validation|relecture"
              r"|moderation|modere par"
              r"|page moderator|valideu(?:r|se)s?|bon a tirer|approbat(?:eur|rice)"
              r"|verificat(?:eur|rice)"
              r"|(?:derniere )?verification|approbation|approver|checker", a.MODERATED),
        label(a.JOB, r"fonction|poste|qualite|role|job title|position|job"),
        label(a.THEMES, r"(?:les |sous-|sub[- ]?)?(?:themes?|thematiques?)(?:\(s\))?"
              r"(?: abordees?| abordes| associes| associees| de l'article)?"
              r"|labels|(?:recherche )?(?:par )?mots?[- ]?clef?s?|libelles?|(?:hash)?tags?"
              r"|etiquettes?|rubriques"
              r"|key ?words?|topics?|themes? and tags|tagged|etiquete(?:e|s|es)?"
              r"|sujets(?: abordes)?"
              r"|mots-cles et themes|themes? lies|themes? et mots-cles|subjects|keywords and tags"
              r"|domaines?(?:\(s\))?(?: d'activite)?"),
        label(a.CATEGORIES, rf"(?:\w+ )?categor(?:ies?|y)|(?:classe|range){_ENDING}s?"
              r" (?:dans|sous)|posted (?:in|under)|publie dans"),
        label(a.CATEGORIES, r"filed (?:under|in)", verb=True),
        label(a.THEMES, r"tagged(?: with| as| in)?|etiquete(?:e|s|es)? (?:avec|sous|comme)",
              verb=True),
        label(a.SECTION, r"(?:sous-)?rubrique|section|territoires?|lieu|localisation|structure"
              r"|organi[sz]ation|organisme|secteur(?: d'activite)?|departement|region|version"
              r"|reference|statut|langue|language|type(?: de (?:document|contenu))?|location"
              r"|licen[cs]e|format|niveau|public(?: vise)?|duree|pages"),
        label(a.AUTHOR, r"signee?", a.DATE, verb=True),
        # A name may also follow these; so may anything else.
        label(a.AUTHOR, rf"(?:guest |photos et )?{_PIECE}(?= ?:)|mots|reporter|correspondance",
              a.DATE, weak=True),
        label(a.AUTHOR, r"par|by|de la part de", a.DATE, verb=True, weak=True),
    )  # fmt: skip


LABELS = _labels()
