import json
from typing import Any

from fastapi.testclient import TestClient

from tests.web.page_reader import Page
from tests.web.sample_base import AVEL, HOSTILE
from web.catalogue.records import as_script_content

SITE = "https://quisait.example"


def described(client: TestClient, path: str) -> Any:
    return json.loads(Page(client.get(path).text).one("script", type="application/ld+json").text)


def test_home_describes_the_site_and_its_search(client: TestClient) -> None:
    assert described(client, "/en/") == {
        "@context": "https://schema.org",
        "@type": "WebSite",
        "name": "Qui sait faire ?",
        "url": f"{SITE}/en/",
        "potentialAction": {
            "@type": "SearchAction",
            "target": {
                "@type": "EntryPoint",
                "urlTemplate": f"{SITE}/en/search?q={{search_term_string}}",
            },
            "query-input": "required name=search_term_string",
        },
    }


def test_an_actor_is_an_organization(client: TestClient) -> None:
    assert described(client, "/fr/acteurs/avel") == {
        "@context": "https://schema.org",
        "@type": "Organization",
        "name": "Avel (Saphir)",
        "description": AVEL.description,
        "url": "https://avel.example/",
        "mainEntityOfPage": f"{SITE}/fr/acteurs/avel",
        "address": {
            "@type": "PostalAddress",
            "addressLocality": "Magnac-Lavalette",
            "addressCountry": "FR",
        },
        "identifier": {
            "@type": "PropertyValue",
            "propertyID": "SIRET",
            "value": "12345678900012",
        },
        "knowsAbout": ["Cuir et chaussure", "Chimie et formulation"],
        "subjectOf": "https://www.angouleme.example/avel",
    }


def test_a_case_is_an_article(client: TestClient) -> None:
    assert described(client, "/fr/cas/angouleme") == {
        "@context": "https://schema.org",
        "@type": "Article",
        "headline": "Angoulême : du cirage au gel hydroalcoolique",
        "inLanguage": "fr",
        "author": "Qui sait faire ?",
        "editor": "Vincent",
        "datePublished": "2020-07-01",
        "dateModified": "2020-07-02T11:51:00+02:00",
        "temporalCoverage": "2020-03/2020-05",
        "about": "Fournir du gel hydroalcoolique (sanitiser) à l'hôpital",
        "keywords": ["Chimie et formulation", "Santé"],
        "url": f"{SITE}/fr/cas/angouleme",
        "isBasedOn": "https://www.angouleme.example/cas",
        "mentions": [
            {"@type": "Organization", "name": "Avel", "url": f"{SITE}/fr/acteurs/avel"},
            {
                "@type": "Organization",
                "name": "Merlet",
                "url": f"{SITE}/fr/acteurs/distillerie-merlet",
            },
            {"@type": "Organization", "name": "Agence régionale de santé"},
        ],
    }


def test_what_is_unknown_or_unsafe_is_left_out(client: TestClient) -> None:
    hostile = described(client, "/fr/acteurs/hostile")
    assert hostile["name"] == HOSTILE.name
    assert sorted(hostile) == [
        "@context", "@type", "address", "description", "knowsAbout", "mainEntityOfPage", "name",
    ]  # fmt: skip


def test_no_text_can_close_the_script_that_holds_it() -> None:
    description = {"name": "</script><!-- & -->"}
    text = as_script_content(description)
    assert not set("<>&") & set(text)
    assert json.loads(text) == description
