"""What pages put around their articles: buttons, menus, notices, lists of other articles."""

import re

from ingest.articles.metadata.person_names import is_organisation
from ingest.articles.metadata.same_length_fold import plain

_LINES = re.compile(
    r"(?:"
    # buttons, alone on their line
    r"suivre|ne plus suivre|s'abonner|je m'abonne|je m'inscris|s'inscrire|se connecter|connexion"
    r"|creer un compte|mon compte|imprimer(?: (?:la|cette) (?:page|fiche))?|telecharger(?: le pdf)?"
    r"|partager|tweeter|epingler|envoyer|signaler(?: un (?:abus|probleme))?|repondre|commenter"
    r"|report|comment"
    r"|j'aime|aimer|favoris?|ajouter aux favoris|ecouter(?: l'article)?|lire la suite"
    r"|voir (?:plus|tout|tous|toutes)(?: .{0,30})?|toutes les (?:fiches|actualites|infos)"
    r"|tous les (?:articles|sujets)|retour(?: a (?:la liste|l'accueil)| en haut)?|haut de page"
    r"|accueil|menu|rechercher|recherche|fermer|tout (?:accepter|refuser)|accepter|refuser"
    r"|follow|unfollow|subscribe|sign (?:in|up)|log ?in|log out|register|share|tweet|pin it|print"
    r"|email|e-mail|save|reply|like|report|read more|see (?:more|all)|view all|back(?: to top)?"
    r"|home|search|close|accept(?: all)?|reject(?: all)?|decline|listen|download(?: pdf)?"
    r"|facebook|twitter|x|linkedin|instagram|whatsapp|mastodon|bluesky|copier le lien|copy link"
    r"|previous|next|precedent|suivant|page (?:precedente|suivante)|publicite|advertisement"
    r"|oui|non|yes|no|annonce|sponsorise|pdf|rss|\d+|[<>«»←→↑|·•–—*_=-]+"
    r"|nous suivre|suivez-nous(?: .{0,40})?"
    # phrases that open a line of boilerplate, whatever follows on it
    r"|(?:advertisement|advertorial|sponsored(?: content)?|publicite|publi-?redactionnel|annonce)"
    r"\s?[:–—|-].*"
    r"|(?:precedente?|suivante?|previous|next)\s?[:–—»›>-].*"
    r"|(?:documents?|fichiers?|pieces? jointes?|annexes?)(?: (?:a telecharger"
    r"|jointe?s?|lie(?:e|s|es)?|associe(?:e|s|es)?|utiles?))?\s?:.*|(?:attachments?|downloads?)\s?:.*"
    r"|telecharger (?:le|la|les|l'|cet|cette|au).{0,80}(?<!\.)"
    r"|download (?:the|this|as).{0,60}(?<!\.)"
    r"|-*\s?(?:message (?:transfere|original|d'origine)|forwarded message|original message"
    r"|debut du message.{0,30}|begin forwarded message:?)\s?-*"
    r"|.{0,40}\breserve(?:e|s|es)? aux (?:abonnes|adherents|membres)"
    r"|.{0,30}\b(?:subscribers?|members?)[- ]only.{0,20}"
    r"|(?:cet article|ce contenu|cette page|ce billet) vous .{0,40}\?.{0,20}"
    r"|\[[^\[\]]{1,40}\](?:\s*\[[^\[\]]{1,40}\])+"
    r"|(?:diffusion|reference|ref|nos ref|vos ref|copie|copies)\.?(?: interne)?\s?[:\d].{0,160}"
    r"|(?:reagir|reagissez)(?: a cet article)?|aimer cette page|enregistrer|offrir(?: cet article)?"
    r"|(?:j'aime|likes?)\s?\(?\d*\)?"
    r"|(?:signaler|signalez) (?:un|une|le|la|ce|cet) (?:abus|probleme|erreur|contenu).{0,40}"
    r"|partagez(?: (?:sur|cet|cette|la page|avec vos|via)\b.{0,50}(?<!\.))?"
    r"|(?:partager|partagez|envoyer|recommander|share|tweet|print|email|imprimer)"
    r"(?: (?:cet?t?e? (?:article|page|fiche)|this|l'article|la page|sur|on|par|by|via|a un ami)\b"
    r".{0,50}(?<!\.)| ?[:|–—-].{0,80})"
    r"|(?:posted|filed) (?:in|under)\b.*|leave a (?:reply|comment).*|laisser un commentaire.*"
    r"|(?:poster|ecrire|ajouter) un commentaire.*|post a comment.*|soyez le premier a .*"
    r"|(?:\d+|aucun|no) (?:comments?|commentaires?|reactions?|reponses?|replies|responses?)"
    r"|\d+ min(?:utes?)? (?:read|de lecture).*|(?:temps de )?lecture ?: ?\d+ ?min.*"
    r"|(?:©|\(c\)|copyright\b).*|.{0,60}\b(?:tous droits reserves|all rights reserved)\b.*"
    r"|(?:mentions legales|plan du site|gerer mes cookies|gestion des cookies|donnees personnelles"
    r"|politique de (?:confidentialite|cookies)|conditions generales(?: d'utilisation)?|credits"
    r"|privacy(?: policy)?|terms(?: (?:of use|and conditions))?|sitemap|cookies?(?: policy)?"
    r"|accessibility|accessibilite(?: ?: ?(?:non|partiellement|totalement) conforme)?)"
    r"(?:\s?[|–—·•,-].{0,160})?"
    r"|.{0,80}(?:[|–—·•-]|\bet\b) ?(?:mentions legales|plan du site|gerer mes cookies"
    r"|donnees personnelles|privacy policy|terms (?:of use|and conditions)|accessibilite).*"
    r"|.{0,40}\bces? sites? utilisen?t? des cookies\b.*|nous utilisons des cookies.*"
    r"|(?:this (?:web)?site|we) uses? cookies.*|en poursuivant votre navigation.*"
    r"|by (?:continuing|using) (?:to|this)\b.{0,60}\bcookies\b.*"
    r"|(?:abonnez|inscrivez)-vous .*|recevez (?:chaque|notre|nos|toute|l'essentiel|les).*"
    r"|(?:subscribe|sign up) (?:to|for) .*|enjoy(?:ed|ing) (?:this|what).*|newsletter.{0,80}"
    r"|(?:se |me )?desabonner.*|unsubscribe.*|vous recevez (?:cette|ce|cet) .*"
    r"|you(?: are|'re) receiving this .*|si ce message ne s'affiche pas.*|view (?:this|it) in your"
    r" browser.*|.{0,60}\bconsulte[zr] la version en ligne.*|modifier mes preferences.*"
    r"|pensez a l'environnement.*|(?:please )?consider the environment.*"
    r"|ce (?:courriel|message|mail|courrier electronique).{0,40}\b(?:confidentiel|destinat|pieces?"
    r" jointes?).*|this (?:e-?mail|message).{0,40}\b(?:confidential|intended|attachments?).*"
    r"|.{0,60}\breproduction (?:autorisee|interdite|soumise).*"
    r"|.{0,80}\bne pas (?:jeter|diffuser|imprimer)\b.{0,60}"
    r"|(?:contacts?(?: presse)?|press contact|media contact|pour (?:tout )?contact|contacter"
    r"|renseignements?|pour nous (?:joindre|contacter)|nous (?:contacter|ecrire)"
    r"|contact (?:us|details)|enquiries)\s?:.*"
    r"|horaires(?: d'ouverture)?\s?:.*|opening hours\s?:.*|(?:tel|telephone|phone|fax|mob)\b"
    r"[ .:]{0,4}[\d+(].*|[\d ().+-]{8,20}|\S+@\S+\.\S+|(?:e-?mail|courriel|mel)\s?: ?\S+@\S+"
    r"|(?:a|pour|to|cc|cci|bcc|destinataires?|recipients?)\s?: ?.*@.*|(?:reply-to|repondre a)\s?:.*"
    r"|powered by .*|propulse par .*|theme ?: \w+\.?|un outil (?:libre|propose).*|site realise .*"
    r"|(?:article|billet|post|fiche)s? (?:precedente?|suivante?)s?.*|(?:previous|next|older|newer)"
    r" (?:posts?|articles?|entr(?:y|ies)|stor(?:y|ies))\b.*|[←‹].{0,80}|.{0,80}[→›]"
    r"|skip to (?:main )?content|aller au contenu(?: principal)?|skip to .{0,30}"
    r"|aller (?:a la (?:navigation|recherche)|au (?:menu|pied de page))"
    r"|vous etes ici.*|you are here.*|(?:accueil|home)\s*[>›»/|].{0,200}"
    r"|[^.!?«>›]{1,40}(?:\s[>›]\s[^.!?>›]{1,60})+"
    r"|imprime le .*|page \d+(?: ?(?:/|sur|of) ?\d+)?|\d+ ?/ ?\d+"
    r"|la seance est levee .*|(?:l'ordre du jour etant epuise|meeting closed).*"
    r"|(?:prochaine reunion|prochain rendez-vous|next meeting)\s?:.*"
    r"|(?:presents?|excuses?|absents?|participants excuses|apologies|attendees)\s?:.*"
    r"|ordre du jour|agenda"
    r"|(?:image|photo|illustration|video|credits? photos?|picture)s?(?: credit)?\s?:.{0,80}"
    r"|vous avez (?:aime|apprecie).{0,80}|if you (?:liked|enjoyed).{0,80}"
    r"|cette page vous a-t-elle .*|was this (?:page|article) (?:useful|helpful).*"
    r"|(?:cliquez|click) (?:ici|here).*|(?:voter|noter) .{0,40}|\d+ (?:votes?|vues?|views?)"
    r"|fiche n[°o] ?\d+.{0,20}"
    r")"
)

_ELSEWHERE = re.compile(
    r"(?:"
    r"(?:les |nos )?(?:autres|dernieres?|derniers|recentes?|recents) (?:actualites|articles|fiches"
    r"|infos|nouvelles|publications|billets|temoignages|retours d'experience|contenus|cas|projets)"
    r"(?: .{0,40})?"
    r"|plus d'(?:articles|actualites|infos)(?: .{0,40})?"
    r"|(?:sur|dans|avec) (?:les? |la )?memes? (?:themes?|sujets?|rubrique|thematiques?|categorie)"
    r"|(?:a|et) (?:lire|voir|decouvrir|consulter)(?: (?:aussi|egalement|ensuite|encore))?"
    r"|(?:lire|voir) (?:aussi|egalement)|vous (?:aimerez|pourriez aimer|lirez)(?: .{0,30})?"
    r"|(?:ces articles|cela|ceci) (?:peut|peuvent|pourrai(?:en)?t) (?:aussi )?vous interesser"
    r"|(?:articles?|contenus?|fiches?|pages?|posts?|stor(?:y|ies)|news|content|reading|links?)"
    r" (?:similaires?|lies?|associe(?:e|s|es)?|recents?|connexes?|relatifs?)"
    r"|(?:related|similar|recent|latest|other|more)(?: \w+)? (?:posts?|articles?|stor(?:y|ies)|news"
    r"|content|reading|links?|cases?|from .{1,40})|related|more (?:from|on|in) .{1,40}"
    r"|you (?:may|might) (?:also )?(?:like|enjoy|be interested in)(?: .{0,20})?|read (?:next|also)"
    r"|see also|also (?:read|see)|further reading|keep reading|read on|a suivre|en ce moment"
    r"|(?:les )?plus (?:lus|lues|vus|vues|recents|consultes|partages|commentes)"
    r"|most (?:read|popular|shared|viewed|commented|recent)|trending"
    r"|populaires?|vos rendez-vous|(?:l')?agenda(?: .{0,30})?|evenements? a venir|upcoming events?"
    r"|(?:prochains|nos) (?:evenements|rendez-vous)"
    r"|(?:\d+ )?(?:commentaires?|comments?|reactions?|reponses?|responses?)(?: \(\d+\))?"
    r"|(?:vos|les|your|join the) (?:commentaires|reactions|comments|conversation|discussion)"
    r"(?: .{0,20})?"
    r"|newsletter|lettre d'information|restez informes?|suivez-nous|nous suivre|follow us"
    r"|stay (?:in touch|informed)|contacts?|nous contacter|contact us|partager(?: .{0,40})?"
    r"|share(?: this)?(?: .{0,30})?|a propos de l'auteur.{0,5}|about the author"
    r"|liens utiles|useful links|navigation|archives|categories|sur le meme sujet"
    r"|dans la meme (?:rubrique|categorie|serie|collection)"
    r"|mots[- ]cles populaires"
    r")\s*:?\s*[>›»…]?"
)
_END = re.compile(r"#{2,}|-?\s?30\s?-|(?:-\s?)?(?:FIN|END|ENDS|Fin|Ends)(?:\s?-)?|\*(?:\s?\*){2,}")
_COLOPHON = re.compile(
    r"(?:a propos|about us|qui sommes-nous ?\??|notes? (?:to|for) editors?|boilerplate"
    r"|notes? aux redactions?|mentions legales|en savoir plus sur .{3,40}|informations? pratiques?"
    r"|pour (?:nous )?contacter.{0,30}|(?:vos )?contacts?(?: presse)?"
    r"|(?:press|media) contacts?)\s?:?"
)
_COMMENTS = re.compile(
    r"(?:\d+ )?(?:commentaires?|comments?|reactions?|reponses?|responses?)(?: \(\d+\))?"
    r"|(?:vos|les|your|join the) (?:commentaires|reactions|comments|conversation|discussion).*"
    r"|(?:leave a|laisser un|post a|ajouter un|poster un) (?:reply|comment|commentaire).*"
)
_SAME_THEMES = re.compile(r"(?:sur|dans|avec) les memes (?:themes|sujets|thematiques)\W*")
_INLINE = re.compile(
    r"(?:a lire(?: aussi| egalement)?|lire aussi|voir aussi|read (?:also|more|next)|see also"
    r"|a decouvrir|sur le meme sujet|related|also read)\s?[:>–—-].*"
)


def is_boilerplate(line: str) -> bool:
    """Whether the whole line is a button, a menu, a notice or the like."""
    folded = _folded(line)
    if len(folded) > 300:
        return False
    return bool(_LINES.fullmatch(folded) or _INLINE.fullmatch(folded)) or _is_row(
        plain(line.strip())
    )


def _is_row(folded: str) -> bool:
    """Whether most parts of a line are buttons: "Share | Print | Report a mistake"."""
    parts = [
        part.strip() for part in re.split(r"\s[|·•/–—-]\s|[|·•]|\s{2,}", folded) if part.strip()
    ]
    if len(parts) < 2 or len(folded) > 160 or folded.endswith("."):
        return False
    return sum(bool(_LINES.fullmatch(part)) for part in parts) * 2 > len(parts)


def opens_elsewhere(line: str) -> bool:
    """Whether the line is the heading of a part of the page that is about something else."""
    folded = _folded(line)
    return len(folded) <= 90 and bool(_ELSEWHERE.fullmatch(folded))


def opens_colophon(line: str) -> bool:
    """Whether what an organisation says of itself below an article begins here, or it has ended."""
    folded = _folded(line)
    if len(folded) > 80 or folded.endswith("."):
        return False
    if _END.fullmatch(line.strip()) or _COLOPHON.fullmatch(folded):
        return True
    about = re.match(r"(?:a propos (?:de la |du |des |de l'|de |d')|about (?:the )?)", folded)
    if about is None:
        return False
    return is_organisation(line) or line.strip("*_ #")[about.end() :][:1].isupper()


def opens_comments(line: str) -> bool:
    return bool(_COMMENTS.fullmatch(_folded(line)))


def opens_same_themes(line: str) -> bool:
    """Whether the line announces articles on the same themes: the themes may follow, again."""
    return bool(_SAME_THEMES.fullmatch(_folded(line)))


def _folded(line: str) -> str:
    folded = plain(" ".join(line.split())).strip("*_ #+~=")
    return re.sub(r"^\[\s?([^\[\]]+?)\s?\]$", r"\1", folded)
