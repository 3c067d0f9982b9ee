"""The words that pages use for the values of records: fits, roles, refusals.

In English, each marked with `N_` so that Babel extracts it; the renderer translates.
"""

from collections.abc import Callable, Mapping
from typing import TypeVar

from kb.errors import AccountError, QueryError, SiteError
from kb.reference.fields import ACTOR_FIELDS, CASE_FIELDS, PARTICIPATION_FIELDS
from kb.reference.roles import ROLES, Part, Role
from kb.registers.accounts import AccountRole
from kb.remarks import N_
from kb.search.results import Fit
from web.http.i18n import Language, translations

Value = TypeVar("Value")

FIT_LABELS: Mapping[Fit, str] = {
    Fit.STRONG: N_("Strong fit"),
    Fit.POSSIBLE: N_("Possible fit"),
    Fit.WEAK: N_("Faint lead"),
    Fit.NONE: N_("Uncertain"),
}

NEARNESS_LABELS: Mapping[Fit, str] = {
    Fit.STRONG: N_("Very close"),
    Fit.POSSIBLE: N_("Close"),
    Fit.WEAK: N_("Related"),
    Fit.NONE: N_("Related"),
}
"""How near the need of a case is to the need asked for, down to a case that is of another one."""

ROLE_LABELS: Mapping[Role, str] = {role: traits.label for role, traits in ROLES.items()}

PART_LABELS: Mapping[Part, str] = {
    Part.MAKER: N_("Manufacturing"),
    Part.INPUTS: N_("Materials"),
    Part.CONTAINERS: N_("Containers"),
    Part.PACKAGING: N_("Boxes and labels"),
    Part.REPACKAGING: N_("Filling and packing"),
    Part.TRANSPORT: N_("Delivery"),
    Part.VALIDATION: N_("Testing and approval"),
    Part.COORDINATION: N_("Coordination"),
    Part.BUYER: N_("Users"),
}
"""The parts that have to be taken for a need to be met."""

FIELD_LABELS: Mapping[str, str] = {
    **{
        name: traits.label
        for fields in (PARTICIPATION_FIELDS, CASE_FIELDS, ACTOR_FIELDS)
        for name, traits in fields.items()
    },
    # Of forms alone.
    "reason": N_("Why"),
    "message": N_("Your message to the contributor"),
}
"""What a field of a record is called, on forms and in differences."""

ACCOUNT_ROLE_LABELS: Mapping[AccountRole, str] = {
    AccountRole.CONTRIBUTOR: N_("Contributor"),
    AccountRole.MODERATOR: N_("Moderator"),
    AccountRole.ADMINISTRATOR: N_("Administrator"),
}

_REFUSALS: Mapping[str, str] = {
    "empty": N_("Describe what you need in a few words: a thing, a material, a skill."),
    "too_long": N_("This is too long to search. One or two sentences are enough."),
    "no_word": N_("There is no word to search for here. Describe what you need in a few words."),
}
_OTHER_REFUSAL = N_("This cannot be searched as it is. Describe what you need in a few words.")

UNKNOWN_DEPARTMENT = N_("There is no such department in France. Expected a code, such as 16 or 2A.")


def refusal(error: QueryError) -> str:
    """What to tell a person whose query was refused."""
    return _REFUSALS.get(error.reason, _OTHER_REFUSAL)


_ACCOUNT_REFUSALS: Mapping[str, str] = {
    "name": N_("The name of an account has 1 to 80 characters, all of them visible."),
    "name_taken": N_("There is an account of this name already."),
    "short_password": N_(
        "The password needs 12 characters or more: a short sentence is easier to remember."
    ),
    "long_password": N_("The password has more than 1,000 characters."),
    "plain_password": N_(
        "The password is too easy to guess: it is the name, or a few characters repeated."
    ),
    "last_administrator": N_("This is the last administrator: make another one first."),
    "disabled": N_("The account is disabled."),
    "label": N_("Say in 1 to 80 characters what the token is for."),
}
_OTHER_ACCOUNT_REFUSAL = N_("This cannot be done with an account.")


def account_refusal(error: AccountError) -> str:
    """What to tell a person about an account that cannot be made or changed so."""
    return _ACCOUNT_REFUSALS.get(error.reason, _OTHER_ACCOUNT_REFUSAL)


_SITE_REFUSALS: Mapping[str, str] = {
    "name": N_("The name of a site has 1 to 80 characters, all of them visible."),
    "no_origin": N_("Say at which address the site is, such as https://www.reseau.example."),
    "many_origins": N_("A site has 20 addresses at most: add another site for the others."),
    "null": N_("%(given)s is no address: browsers write it for pages that are of no site."),
    "wildcard": N_("%(given)s: an asterisk cannot stand for addresses. Write out each of them."),
    "scheme": N_("%(given)s: the address of a site begins with https:// (or with http://)."),
    "credentials": N_("%(given)s: the address of a site holds neither a name nor a password."),
    "host": N_("%(given)s is not the address of a site: browsers would not find it."),
    "port": N_("%(given)s: a port is a number up to 65535."),
    "department": UNKNOWN_DEPARTMENT,
    "theme": N_("A theme has 200 characters at most, all of them visible."),
    "per_day": N_("Write how many searches the site may make a day: a number from 1 on."),
}
_PAGE = N_("%(given)s is the address of a page: write %(instead)s, without what follows.")
_INSTEAD = N_("%(given)s: write %(instead)s.")
_OTHER_SITE_REFUSAL = N_("This cannot be done with a site.")


def site_refusal(error: SiteError) -> str:
    """What to tell a person about a site that cannot be added or changed so.

    The message names the error's `given` and `instead`, which the renderer fills in.
    """
    if error.instead:
        return _PAGE if error.reason == "page" else _INSTEAD
    return _SITE_REFUSALS.get(error.reason, _OTHER_SITE_REFUSAL)


def labelled(labels: Mapping[Value, str], language: Language) -> Callable[[Value], str]:
    """What gives the label of a value in a language; the value itself where it has none."""
    gettext = translations(language).gettext
    return lambda value: gettext(labels[value]) if value in labels else str(value)


def filters(language: Language) -> Mapping[str, Callable[..., str]]:
    """The filters of every room's templates that give labels."""
    field_label = labelled(FIELD_LABELS, language)
    return {
        "account_role_label": labelled(ACCOUNT_ROLE_LABELS, language),
        # A part of a row has its number after its name: `role-2`.
        "field_label": lambda name: field_label(name.partition("-")[0]),
        "fit_label": labelled(FIT_LABELS, language),
        "nearness_label": labelled(NEARNESS_LABELS, language),
        "part_label": labelled(PART_LABELS, language),
        "role_label": labelled(ROLE_LABELS, language),
    }
