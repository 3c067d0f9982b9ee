"""Templates into text: one Jinja environment per language, with what every page needs.

Owns how values are written in a language (dates, numbers, words). What a page shows is the
pages' work, what it says the templates'.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader, StrictUndefined

from kb.reference.departments import NAMES
from kb.reference.roles import Role
from kb.registers.accounts import AccountRole
from kb.search.results import Fit
from web.catalogue import linked_data
from web.catalogue.provenance import fact_name
from web.editorial.labels import (
    DONE_WORDS,
    JOB_KIND_WORDS,
    JOB_STATE_WORDS,
    REASON_WORDS,
    STATE_WORDS,
    confidence_word,
)
from web.http import safe_html
from web.http.assets import Assets
from web.http.i18n import (
    Language,
    country_name,
    translations,
    written_date,
    written_moment,
    written_moment_in_utc,
    written_number,
    written_percent,
    written_score,
)
from web.http.labels import (
    ACCOUNT_ROLE_WORDS,
    FIELD_WORDS,
    FIT_WORDS,
    NEARNESS_WORDS,
    PART_WORDS,
    ROLE_WORDS,
)
from web.http.remarks import localized
from web.http.urls import Page, address, web_link
from web.search.evidence_text import alike, first_sentence, is_named, most_telling

Value = TypeVar("Value")


class Renderer:
    """Renders templates of `templates/` in any language."""

    def __init__(self, assets: Assets) -> None:
        self._environments = {language: _environment(language, assets) for language in Language}

    def render(self, template: str, language: Language, **context: object) -> str:
        """The text of a template; every name that it uses must be given or an environment's."""
        return self._environments[language].get_template(template).render(context)


def _environment(language: Language, assets: Assets) -> Environment:
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    messages = translations(language)
    environment.install_gettext_translations(messages, newstyle=True)  # type: ignore[attr-defined]

    def path_to(page: Page | str, record_id: str = "", **query: str | int) -> str:
        return address(page, record_id, **query).path(language)

    def fit_word(fit: Fit) -> str:
        return messages.gettext(FIT_WORDS[fit])

    def role_word(role: Role) -> str:
        return messages.gettext(ROLE_WORDS[role])

    def account_role_word(role: AccountRole) -> str:
        return messages.gettext(ACCOUNT_ROLE_WORDS[role])

    def nearness_word(fit: Fit) -> str:
        return messages.gettext(NEARNESS_WORDS[fit])

    def word_of(words: Mapping[Value, str]) -> Callable[[Value], str]:
        return lambda value: messages.gettext(words[value]) if value in words else str(value)

    environment.globals.update(
        language=language,
        languages=tuple(Language),
        asset=assets.url,
        path_to=path_to,
    )
    environment.filters.update(
        account_role_word=account_role_word,
        alike=alike,
        article=safe_html.article,
        confidence_word=lambda confidence: messages.gettext(confidence_word(confidence)),
        country=partial(country_name, language=language),
        day=partial(written_date, language=language),
        department=_department,
        done_word=word_of(DONE_WORDS),
        # A part of a row has its number after its name: `role-2`.
        field_word=lambda name: word_of(FIELD_WORDS)(name.partition("-")[0]),
        fact_name=fact_name,
        first_sentence=first_sentence,
        fit_word=fit_word,
        is_named=is_named,
        job_kind_word=word_of(JOB_KIND_WORDS),
        job_state_word=word_of(JOB_STATE_WORDS),
        json_ld=linked_data.as_script_content,
        marked=safe_html.marked,
        most_telling=most_telling,
        moment=partial(written_moment, language=language),
        moment_in_utc=partial(written_moment_in_utc, language=language),
        nearness_word=nearness_word,
        part_word=word_of(PART_WORDS),
        number=partial(written_number, language=language),
        percent=partial(written_percent, language=language),
        score=partial(written_score, language=language),
        localized=partial(localized, language=language),
        reason_word=word_of(REASON_WORDS),
        role_word=role_word,
        site_name=_site_name,
        state_word=word_of(STATE_WORDS),
        web_link=web_link,
    )
    return environment


def _department(code: str) -> str:
    """The name and code, such as "Charente (16)"; a code that is not French as it is."""
    return f"{NAMES[code]} ({code})" if code in NAMES else code


def _site_name(url: str) -> str:
    """The host of a URL as people say it: `www.` left out."""
    return urlsplit(url).netloc.removeprefix("www.")
