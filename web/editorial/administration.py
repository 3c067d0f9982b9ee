"""The pages of administrators: all accounts, and the sites that embed the search."""

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData
from starlette.responses import Response

from kb.errors import InputError, UnknownRecord
from kb.messages import N_
from kb.reference.departments import NAMES
from kb.registers.access import KEPT_DAYS, WrongTries
from kb.registers.accounts import Account, AccountRole, account_key
from kb.registers.sites import DEFAULT_PER_DAY, MAX_PER_DAY
from kb.text.folding import fold
from web.editorial.accounts import typed_email
from web.editorial.labels import NOT_THE_NAME
from web.http.refusals import no_such_action
from web.http.routing import APageRequest, PageRequest, PageRouter, number_in, see, text_of
from web.http.security.sessions import AForm, AnAdministrator, sessions_of
from web.http.urls import Page, address
from web.tallies import tallies_of

ACCOUNT_DONE: Mapping[str, str] = {
    "add": N_("The account is created. Give the name and the password to the account holder."),
    "role": N_("The role is changed. The account is signed out, and its tokens are revoked."),
    "password": N_(
        "The password is changed. The account is signed out, and its tokens are revoked."
    ),
    "email": N_("The e-mail address is changed."),
    "end_access": N_("The account is signed out everywhere, and its tokens are revoked."),
    "disable": N_("The account is disabled: it is signed out, and its tokens are revoked."),
    "enable": N_("The account can sign in again."),
}

SITE_DONE: Mapping[str, str] = {
    "changed": N_("The site is changed."),
    "disabled": N_("The site is switched off: it no longer shows the search."),
    "enabled": N_("The site can show the search again."),
    "deleted": N_("The site and its counts are deleted."),
}

_FIELDS = ("name", "origins", "department", "theme", "per_day")
_NEW: dict[str, object] = {
    **dict.fromkeys((*_FIELDS, "wrong", "message"), ""),
    "per_day": DEFAULT_PER_DAY,
    "is_open": False,
}

router = PageRouter()


@router.shows(Page.ACCOUNTS)
def accounts_page(request: APageRequest, _account: AnAdministrator, done: str = "") -> Response:
    return _accounts_page(request, done=ACCOUNT_DONE.get(done, ""))


@router.takes(Page.ACCOUNTS)
def change_accounts(request: APageRequest, administrator: AnAdministrator, form: AForm) -> Response:
    accounts = request.knowledge_base.accounts
    do, name = text_of(form, "do"), text_of(form, "name")
    done = do
    changed: Account | None = None
    try:
        if do == "add":
            accounts.add(name, text_of(form, "password"), AccountRole(text_of(form, "role")))
        elif do == "role":
            before = accounts.get(name).role
            changed = accounts.set_role(name, AccountRole(text_of(form, "role")))
            done = do if changed.role is not before else ""
        elif do == "password":
            changed = accounts.set_password(name, text_of(form, "password"))
        elif do == "email":
            accounts.set_email(name, typed_email(form))
        elif do == "end_access":
            accounts.revoke_tokens(name)
            changed = accounts.end_sessions(name)
        elif do in {"disable", "enable"}:
            (accounts.disable if do == "disable" else accounts.enable)(name)
        else:
            raise no_such_action()
        if changed and changed.name == administrator.name:
            # Whoever sent the form stays signed in, here alone.
            sessions_of(request.http).sign_in(request.http, changed)
    except InputError as error:
        return _accounts_page(request, message=error.remark, form=form)
    except UnknownRecord:
        return _accounts_page(request, message=N_("This account does not exist."), form=form)
    except ValueError:
        return _accounts_page(request, message=N_("This role does not exist."), form=form)
    return see(request, address(Page.ACCOUNTS, done=done))


def _accounts_page(
    request: PageRequest, *, done: str = "", message: str = "", form: FormData | None = None
) -> Response:
    everyone = request.knowledge_base.accounts.list()
    wrong = request.knowledge_base.wrong_passwords.by_account()
    tries = {one.name: wrong.get(account_key(one.name), WrongTries()) for one in everyone}
    adding = form if form and text_of(form, "do") == "add" else None
    return request.page(
        "editorial/accounts.html",
        here=address(Page.ACCOUNTS),
        status_code=400 if message else 200,
        everyone=everyone,
        wrong=tries,
        attacked=[name for name, of_account in tries.items() if of_account.is_attack],
        wrong_days=KEPT_DAYS,
        failing=request.knowledge_base.source_locations.failing(),
        roles=tuple(AccountRole),
        done=done,
        message=message,
        new_name=text_of(adding, "name") if adding else "",
        new_role=text_of(adding, "role") if adding else AccountRole.CONTRIBUTOR.value,
        failed_name=text_of(form, "name") if form and not adding else "",
    )


@router.shows(Page.SITES)
def sites_page(
    request: APageRequest, _account: AnAdministrator, done: str = "", added: str = ""
) -> Response:
    return _sites_page(request, done=SITE_DONE.get(done, ""), added=added)


@router.takes(Page.SITES)
def change_sites(request: APageRequest, _account: AnAdministrator, form: AForm) -> Response:
    sites = request.knowledge_base.sites
    what, key = text_of(form, "do"), text_of(form, "key")
    try:
        if what == "add":
            added = sites.add(**_permissions(form))
            return see(request, address(Page.SITES, added=added.key), added.key)
        if what == "change":
            sites.change(key, **_permissions(form))
        elif what == "disable":
            sites.disable(key)
        elif what == "enable":
            sites.enable(key)
        elif what == "delete":
            if " ".join(text_of(form, "confirmed").split()) != sites.get(key).name:
                wrong: dict[str, object] = {"wrong": "confirmed", "message": NOT_THE_NAME}
                return _sites_page(request, refused=wrong, key=key)
            sites.delete(key)
        else:
            raise no_such_action()
    except InputError as error:
        typed: dict[str, object] = {name: text_of(form, name) for name in _FIELDS}
        typed |= {"is_open": True, "wrong": error.field, "message": error.remark}
        return _sites_page(request, refused=typed, key=key)
    except UnknownRecord:
        return _sites_page(request, message=N_("This site no longer exists. Nothing was changed."))
    return see(request, address(Page.SITES, done=f"{what.removesuffix('e')}ed"))


def _permissions(form: FormData) -> dict[str, Any]:
    return {
        **{name: text_of(form, name) for name in ("name", "department", "theme")},
        # None of what stands between two origins is part of one.
        "origins": re.split(r"[\s,;]+", text_of(form, "origins")),
        "per_day": number_in(form, "per_day"),
    }


def _sites_page(
    request: PageRequest,
    *,
    added: str = "",
    message: str = "",
    done: str = "",
    key: str = "",
    refused: dict[str, object] | None = None,
) -> Response:
    base = request.knowledge_base
    tallies_of(request.http).flush()
    sites = base.sites.list()
    names = Counter(fold(site.name) for site in sites)
    entries = []
    for site in sites:
        filled = _NEW | {name: getattr(site, name) for name in _FIELDS}
        filled["origins"] = "\n".join(site.origins)
        entries.append(
            {
                "site": site,
                "use": base.sites.use(site.key),
                "filled": filled | (refused or {}) if site.key == key else filled,
                "has_namesake": names[fold(site.name)] > 1,
            }
        )
    return request.page(
        "editorial/sites.html",
        here=address(Page.SITES),
        status_code=400 if message or refused else 200,
        entries=entries,
        new=_NEW if key else _NEW | (refused or {}),
        departments=NAMES,
        themes=[theme.name for theme in base.themes()],
        max_per_day=MAX_PER_DAY,
        done=done,
        added=added,
        message=message,
    )
