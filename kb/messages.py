"""The messages of refusals and notices by code, in English; the web interface translates them.

`{name}` stands for a text, or a number with its thousands apart; `{name!q}` is quoted, shortened.
"""

from collections.abc import Mapping


def N_(message: str) -> str:  # noqa: N802 (gettext's own name, which Babel looks for)
    """Marks a message for extraction; it is translated later."""
    return message


MESSAGES: Mapping[str, str] = {
    # Files
    "empty": N_("is empty"),
    "too_many_mb": N_("{file} has more than {most} MB"),
    "more_than_mb": N_("has more than {most} MB"),
    "not_text": N_("is not text"),
    "damaged_character": N_("has a damaged character on line {line}: save it again as UTF-8"),
    "lost_letters": N_("has lost letters (first on line {line}): save it again as UTF-8"),
    "scrambled": N_('has letters scrambled beyond repair (such as "Ã©"): save it again as UTF-8'),
    "encoded_twice": N_("was encoded twice: line {line} has 'Ã' and a sign where a letter with an "
        "accent should be; export it again as UTF-8"),
    "long_line": N_("has a line of more than {most} characters"),
    "unreadable": N_("cannot be read: {reason}"),
    "other_format": N_("has an unknown format; these are read: {formats}"),
    "unnamed_feed": N_("may be a feed: name this file itself to have its articles read"),
    "missing_path": N_("{path} does not exist"),
    # Articles, whatever their format
    "no_article_format": N_("is not an article: an article is one of {formats}"),
    "no_article": N_("has no article that could be found: paste its text instead"),
    "long_article": N_("has an article of {count} characters; at most {most} fit: cut it into "
        "several"),
    "large_article": N_("has {size} bytes; at most {most} of {suffix} are read: send the article "
        "alone"),
    "large_feed": N_("has {size} bytes; at most {most} are read"),
    "long_page": N_("has more than {most} lines and paragraphs: send the article alone"),
    "damaged_file": N_("is damaged ({kind}): save it again, or paste its text"),
    "reading_memory": N_("needs more than {most} MB of memory to be read: send less of it at once, "
        "or save it anew"),
    "reading_time": N_("takes longer than {most} seconds to read: send less of it at once, or save "
        "it anew"),
    "reading_answer": N_("holds more than {most} MB of text in one piece: send less of it at once"),
    "reading_crash": N_("ended the program that was to read it, as damaged files do: save it "
        "again, or paste its text"),
    "stores_busy": N_("The knowledge base is asked for too much at the moment. Try again soon."),
    "readers_busy": N_("Many files are being read at the moment. Try again in a minute."),
    "readers_stopped": N_("The site is being restarted. Try again in a minute."),
    "too_many_jobs": N_("Several jobs of yours wait or run already. Wait until one has ended, or "
        "cancel one."),
    "encrypted": N_("is encrypted: save it without its password"),
    "encrypted_or_older": N_("is encrypted, or of an older format: save it in {format} again, "
        "without a password"),
    "cut_off_document": N_("is not a document in {format}, or is cut off: save it again"),
    "no_document": N_("is not a document in {format}"),
    "no_html": N_("is not HTML: save it as .txt"),
    "script_page": N_("has no article: its page shows no text without its scripts"),
    "no_pdf": N_("is not a PDF"),
    "no_text_recognition": N_("has no text, only pictures of it: install tesseract, which reads "
        "them, or run it through text recognition (OCR) first"),
    "unreadable_scan": N_("is a picture in which no text could be recognised"),
    "slow_scan": N_("has pictures of text that take longer than {most} seconds to recognise"),
    "slow_pages": N_("pages from {page} on were left out: recognising the text takes longer than "
        "{most} seconds"),
    "many_scanned_pages": N_("has {count} pages without text; {most} at most are recognised"),
    "no_picture": N_("is damaged, or no picture"),
    "large_picture": N_("is a picture of more than {most} million pixels: scan it at 300 dpi"),
    "no_message": N_("is not an e-mail: save the message again as .eml"),
    "unread_attachment": N_("the attachment {name!q} cannot be read: send it alone"),
    "unnamed_attachment": N_("an attachment whose name says no format ({kind}) is not read: send "
        "it alone"),
    "many_attachments": N_("the attachments from {name!q} on were left out: they are more than "
        "{most}, or take too long; send them alone"),
    "unnamed_picture": N_("is a picture: name it to have its text recognised"),
    "cut_off": N_("is cut off: its end is missing; fetch it again"),
    "damaged_pdf": N_("is damaged and cannot be read: print it to a new PDF"),
    "damaged_page": N_("is damaged on page {page}: print it to a new PDF"),
    "many_pages": N_("has {count} pages; at most {most} are read: send the article alone"),
    # Feeds
    "no_article_or_feed": N_("is neither an article nor a feed: check the address"),
    "no_feed": N_("is not a feed: a feed is RSS or Atom"),
    "page_with_feed": N_("is a page, not a feed: its feed is {link}"),
    "page_not_feed": N_("is a page, not a feed: give the address of its RSS or Atom feed"),
    "empty_feed": N_("is a feed without items, or one that is damaged"),
    "no_item_text": N_("item {title!q} has neither a text nor a link"),
    "short_item": N_("the feed has only the beginning of this article"),
    # Addresses
    "closed_to_robots": N_("{address!q} is closed to robots by its site (robots.txt): paste its "
        "text instead"),
    "many_redirects": N_("{address!q} redirects more than {most} times"),
    "no_address": N_("{address!q} is not a web address"),
    "not_http": N_("{address!q} is neither http nor https: it is not fetched"),
    "address_with_password": N_("{address} holds a name or a password: leave it out"),
    "other_port": N_("{address!q} is on port {port}: only 80 and 443 are fetched from"),
    "robots_unknown": N_("{site} cannot say what robots may fetch (robots.txt: error {status}): "
        "try again later"),
    "slow_site": N_("{address!q} takes longer than {seconds} seconds: try again later"),
    "no_web_server": N_("{address!q} does not answer as a web server does"),
    "unreachable": N_("{address!q} cannot be reached: {reason}"),
    "error_status": N_("{address!q} answers with error {status}: check the address"),
    "other_type": N_("{address!q} is {type}, which is not an article"),
    "no_type": N_("{address!q} is of an unknown type, which is not an article"),
    "large_page": N_("{address!q} has more than {most} bytes: send its text instead"),
    "other_packing": N_("{address!q} is compressed as {packing}, which was not requested"),
    "page_cut_off": N_("{address!q} was cut off: try again later"),
    "unknown_host": N_("{host!q} is not a known host: check the address"),
    "private_address": N_("{host!q} is at {address}, which is not a public address: it is not "
        "fetched"),
    "no_fetching": N_("is an address, and nothing is fetched from here: save the page first"),
    # Fields
    "too_long": N_("{field} has {count} characters; at most {most} fit"),
    "too_many_bytes": N_("{field} takes {count} bytes as UTF-8; at most {most} fit: shorten it"),
    "id_without_letter": N_("id {value!q} has neither a letter nor a digit"),
    "no_id": N_("no id can be made from {value!q}: give one"),
    "other_scheme": N_("{field} {value!q} begins with {scheme}: only http and https are accepted"),
    "no_web_address": N_("{field} {value!q} is not a web address"),
    "no_date": N_("{field} {value!q} is not a date such as 2020-03-18"),
    "no_period": N_("{field} {value!q} is not understood: write it like 2020, March 2020, spring "
        "2020, March to May 2020 or since 2019"),
    "no_day": N_("closed_on {value!q} is not a day of the calendar"),
    "unknown_language": N_("lang {value!q} is not a language: write fr or en"),
    "unknown_country": N_("country {value!q} is not known: write its two-letter code"),
    "not_only_text": N_("{field} holds something else than text"),
    "no_phone": N_("{field} {value!q} is no telephone number that can be dialled"),
    "no_email": N_("{field} {value!q} is no e-mail address"),
    "unknown_key": N_("key {key!q} is not known: is it {meant}?"),
    "no_name": N_("has no name"),
    "no_public_name": N_("has no name that may be made public"),
    "name_in_other_file": N_("has no name: the register keeps it in its file of legal units"),
    "twice_encoded_letter": N_("{field} holds {letter!q}, a letter that was encoded twice: export "
        "the row again"),
    "phone_left_out": N_("{field}: a cell is no telephone number that can be dialled; the row is "
        "kept without it"),
    "email_left_out": N_("{field}: a cell is no e-mail address; the row is kept without it"),
    "contact_left_out": N_("{field}: a cell is longer than a line, or no text; the row is kept "
        "without it"),
    "foreign_department": N_("department {value!q} is given, but the country is {country}"),
    "wrong_department": N_("department {reason}"),
    "siret_lost_digits": N_("siret {value!q} lost digits in a spreadsheet: make its column text"),
    "siret_check": N_("wrong siret {value!q}: one of its digits is mistyped"),
    "siret_digits": N_("wrong siret {value!q}: 14 digits, no letters"),
    "wrong_siren": N_("wrong siren {value!q}: 9 digits, copied without a mistake"),
    "closed_without_date": N_("is closed, but no date says since when"),
    "no_activity_code": N_("{field} {value!q} is no code such as 25.62B"),
    "no_postal_code": N_("postal code {value!q} is not one of France, which has 5 digits: correct "
        "it; it tells no town and no department"),
    "cell_left_out": N_("{reason}; the row is kept without it: correct it, and send the file "
        "again"),
    "siren_kept": N_("{reason}; the row is kept with the SIREN alone, {siren}, which is valid: "
        "give the whole SIRET, and send the file again"),
    "postal_code_of_others": N_("postal code {number} is not that of {town!q}, but of {others}: "
        "check which is right; both are kept as they are"),
    "town_elsewhere": N_("{town!q} is in {found}, but the row says {said}: check which is right; "
        "both are kept as they are"),
    "postal_code_elsewhere": N_("postal code {number} is in {found}, but the row says {said}: "
        "check which is right; both are kept as they are"),
    "no_degrees": N_("{field} {value!q} is no place on Earth: write degrees, such as 45.65"),
    "cell_count": N_("number of cells is {count}, but the header has {columns}"),
    "many_cells": N_("has more than {most} cells"),
    "malformed_csv": N_("cannot be read as CSV: {reason}"),
    "unclosed_quote": N_("cannot be read as CSV: a quote is opened and never closed"),
    "no_object": N_("is not an object"),
    "id_given_twice": N_("id {id!q} was already given by {place}: not kept; if it is another, "
        "give it an id of its own"),
    "id_of_row": N_("id {id!q} was already given by row {row}: not kept; if it is another, give "
        "it an id of its own"),
    # Directories as a whole
    "no_header": N_("has no column called name or nom; its header is {header}"),
    "wrong_header": N_("has a header that {reason}"),
    "many_columns": N_("has more than {most} columns: keep those that tell of the actors"),
    "no_name_column": N_("has no column for the name of the actors: say which one is the name"),
    "no_know_how_column": N_("has no column that says what the actors can do (activity, "
        "description, products, machines…), so that needs hardly find them: say which one does"),
    "no_sheet": N_("has no sheet with a column called name or nom; {headers}"),
    "sheet_left_out": N_("sheet {name!q} is left out: it is no table of the same actors; it begins "
        "with {header}"),
    "persons_left_out": N_("columns that tell of persons are ignored: {headers}; say what they are "
        "if they do not"),
    "objects_of_persons": N_("values that are persons are left out: {headers}"),
    "persons_contacts_left_out": N_("rows whose contacts of persons are left out, such as a mobile "
        "number beside a name or jeanne.martin@: {count}; to have them kept, choose who sees "
        "contacts of persons"),
    "rows_without_know_how": N_("rows that do not say what the organisation can do: {count}; needs "
        "hardly find them"),
    "silent_columns": N_("columns that say nothing to a reader (codes, numbers of rows, yes or no, "
        "one value in all rows) are left out: {headers}; say what they are if they do"),
    "sheet_read_too": N_("sheet {name!q} is read as well; it begins with {header}"),
    "protected_workbook": N_("is protected by a password: save it without"),
    "older_workbook": N_("is protected by a password, or in the format of before 2007: save it as "
        "XLSX without a password"),
    "no_spreadsheet": N_("cannot be read as a spreadsheet: {reason}"),
    "no_parquet": N_("cannot be read as Parquet: {reason}"),
    "no_json": N_("is not JSON: {reason}"),
    "no_json_at": N_("is not JSON: {reason} (line {line}, column {column})"),
    "nested_json": N_("is not JSON that can be read: it is nested too deeply"),
    "no_container": N_("holds neither an array nor an object"),
    "not_one_array": N_("must hold one array of actors; its arrays are: {arrays}"),
    "wrong_target": N_("column {header!q} cannot be read as {target!q}: write {targets}"),
    "wrong_option": N_("{option!q} is not of the form header=field"),
    "unknown_source": N_("no source is called {name!q}"),
    "source_name_taken": N_("a source called {name!q} is read again already: remove it first, or "
        "name this differently"),
    "choice_before": N_("the source {name!q} is known, with another choice of who sees its "
        "contacts; that choice now stands in this form: send it again to keep it, and change it in "
        "the list below"),
    "location_taken": N_("{location!q} is read again already, as the source {name!q}"),
    "unregistered_source": N_("no source called {name!q} is read again: add it first"),
    "emptied": N_("is empty, but had records before: nothing is changed; put them back, or have "
        "the source read no more"),
    "other_form": N_("{location!q} is no longer what it was: a page instead of a directory, for "
        "instance; remove the source and add it again if that is right"),
    "reserved_source": N_("a source cannot be called {name!q}: name it otherwise"),
    # Files of cases
    "no_title": N_("has no title"),
    "no_text": N_("has no text after its front matter"),
    "no_front_matter": N_("has no front matter: begin it with a line of three dashes"),
    "front_matter_of_a_site": N_("has front matter without a need or participants: it is an "
        "article, not a case"),
    "open_front_matter": N_("has front matter that is not closed: end it with a line of three "
        "dashes"),
    "long_front_matter": N_("has front matter of more than {most} characters"),
    "strange_front_matter": N_("has front matter that is not keys and values"),
    "no_yaml_at": N_("has front matter that is not YAML on line {line}: {reason}"),
    "no_yaml": N_("has front matter that is not YAML: {reason}"),
    "no_participant_list": N_("participants is not a list"),
    "no_participant_keys": N_("participant {number} has no keys: give it a name and a role"),
    "nameless_participant": N_("participant {number} has no name"),
    "no_role": N_("participant {name!q} has no role: write one of {roles}"),
    "unknown_flow": N_("{value!q} is no flow: write one of {flows}, or leave it empty"),
    "unknown_role": N_("participant {name!q} has the role {role!q}: write one of {roles}"),
    # What is there already
    "known_address": N_("is there already: the {kind} {title!q} ({id}) has the same address"),
    "known_text": N_("is there already: the {kind} {title!q} ({id}) has the same text"),
    "known_content": N_("is there already: the {kind} {title!q} ({id}) has the same content"),
    "known_title": N_("is there already: the {kind} {title!q} ({id}) has the same title and date"),
    "known_nearly": N_("is there already: the {kind} {title!q} ({id}) has nearly the same text"),
    "resembles": N_("resembles the {kind} {title!q} ({id}): are both one article?"),
    "was_withdrawn": N_("{kind} {id!q} was {how}: not brought back"),
    # What deserves a look
    "no_certain_title": N_("has no clear title: give it one"),
    "no_certain_author": N_("has no certain author"),
    "no_certain_date": N_("has no certain date"),
    "unclear_date": N_("date {value!q} is not a day: it is left empty"),
    "signed_by_nobody": N_("the page is signed {value!q}, which names nobody"),
    "unknown_participant": N_("participant {name!q} has the actor {id!q}, which the knowledge base "
        "does not have (kept)"),
    "siret_of_another_name": N_("has the SIRET of {other!q}, but is called {name!q}: kept apart, "
        "as a possible duplicate"),
    "unusable_answer": N_("Unusable items in the answer of {origin}: {count} ({reasons})."),
    # Records
    "no_actor": N_("There is no actor with the id {id!q}."),
    "no_case": N_("There is no case with the id {id!q}."),
    "withdrawn_actor": N_("The actor {id!q} was withdrawn."),
    "withdrawn_case": N_("The case {id!q} was withdrawn."),
    # Queries
    "empty_query": N_("The query is empty: say in a few words what you need, such as a thing, a "
        "material or a skill."),
    "long_query": N_("The query has {count} characters; {most} at most can be searched."),
    "wordless_query": N_("The query has no word in it: say what you are looking for."),
    "unknown_department": N_("{reason}."),
    "no_department": N_("{given!q} is not a department of France: write a code, such as 16 or 2A, "
        "or a name"),
    "unknown_place": N_("No town in France is called {given!q}: write its name or its postal code, "
        "such as 16000."),
    "several_places": N_("Several towns are called {given!q}: choose one of {places}."),
    "within_nothing": N_("A distance needs a place to measure it from."),
    # Accounts
    "account_name": N_("The name of an account has 1 to {most} characters, all of them visible."),
    "account_name_taken": N_("There is an account {name!q} already."),
    "short_password": N_("The password has fewer than {least} characters: a short sentence is "
        "longer, and easier to remember."),
    "long_password": N_("The password has more than {most} characters."),
    "plain_password": N_("The password is the name of the account, or the same few characters "
        "again and again."),
    "last_administrator": N_("{name!q} is the last administrator: make another one first."),
    "account_disabled": N_("The account {name!q} is disabled."),
    "token_label": N_("A token needs a label of 1 to {most} characters, such as what it is for."),
    # Sites
    "dossier_full": N_("A dossier holds at most {most} organisations; this would make {count}."),
    "enquiry_quota": N_("The site sends at most {most} enquiries a day for an account: {left} are "
        "left today. Choose fewer, or use your own mail program."),
    "dossier_note_long": N_("A note has at most {most} characters; this one has {count}."),
    "site_name": N_("The name of a site has 1 to {most} characters, all of them visible."),
    "site_theme": N_("A theme has {most} characters at most, all of them visible."),
    "site_per_day": N_("A site may make 1 to {most} searches a day."),
    "no_origin": N_("A site needs its address, such as https://www.reseau.example: only there may "
        "it show the search."),
    "many_origins": N_("A site has {most} addresses at most: add another site for the others."),
    "origin_scheme": N_("{given!q} should begin with https:// (or with http://)."),
    "origin_credentials": N_("{given!q} holds a name or a password."),
    "origin_host": N_("{given!q} does not name a site that browsers can find."),
    "origin_page": N_("{given!q} is the address of a page, not of a site: write {instead} – "
        "without what follows."),
    # Mails
    "not_an_address": N_("{value!q} is not an e-mail address, such as name@example.org."),
    "no_subscription": N_("This alert was stopped, or not confirmed in time."),
    "many_subscriptions": N_("An address can have {most} alerts: stop one of them first."),
    "no_mail": N_("There is no such mail any more."),
    "mail_server_unreachable": N_("The mail server {host} cannot be reached: {reason}."),
    "mail_server_plain": N_("The mail server {host} offers no encryption: nothing was sent."),
    "mail_server_certificate": N_("The certificate of the mail server {host} cannot be trusted."),
    "mail_server_password": N_("The mail server {host} does not take this name and password."),
    "mail_refused": N_("The mail server {host} refuses the mail: {reason}."),
    "mail_address_refused": N_("The mail server {host} refuses the address: {reason}."),
    "mail_interrupted": N_("Sending was interrupted: the mail may have arrived all the same. Send "
        "it again only if it did not."),
    # The settings of the site, and pictures
    "personal_term": N_("Give a name, an address or a number of {least} to {most} characters."),
    "personal_number": N_("Give {least} digits or more of a number."),
    "personal_kind": N_("A {kind} is not erased as a whole: take the words out of it."),
    "identity_line": N_("Write {most} characters at most here, all of them visible."),
    "identity_text": N_("Write {most} characters at most here."),
    "identity_accent": N_("{given!q} is not a colour: write # and six digits, such as #9c2f1b."),
    "identity_contact": N_("{given!q} is neither an e-mail address nor a web address that begins "
        "with https://."),
    "picture_mb": N_("This picture has more than {most} MB: send a smaller one."),
    "picture_pixels": N_("This picture has more than {most} million pixels: send a smaller one."),
    "picture_format": N_("This is not a picture in JPEG, PNG or WebP: save it in one of these."),
    "picture_damaged": N_("This picture is damaged: save it again."),
    "other_kind": N_("this contribution is of the kind {kind}: send the field {kind}"),
    "unknown_job": N_("this version does no jobs of the kind {kind!q}"),
}  # fmt: skip
