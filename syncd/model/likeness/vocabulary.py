"""Words that mean something in a name or an address, as literal lists; names are in folded form."""

from __future__ import annotations

from collections.abc import Mapping


def _listed(text: str) -> frozenset[str]:
    return frozenset(text.split())


# --- addresses and sites -------------------------------------------------------------------------

FREE_MAIL = _listed("""
    163.com 126.com a1.net alice.it aol.com aon.at arcor.de att.net bigpond.com bk.ru bluewin.ch
    bol.com.br btinternet.com chello.at comcast.net cox.net daum.net docomo.ne.jp fastmail.com
    free.fr freenet.de gmail.com gmx.at gmx.ch gmx.com gmx.de gmx.net googlemail.com home.nl
    hotmail.co.uk hotmail.com hotmail.de hotmail.fr icloud.com inbox.ru interia.pl kpnmail.nl
    laposte.net libero.it list.ru live.com live.de mac.com mail.com mail.de mail.ru mailbox.org
    me.com msn.com naver.com o2.pl onet.pl online.de optusnet.com.au orange.fr outlook.com
    outlook.de planet.nl posteo.de proton.me protonmail.ch protonmail.com qq.com rambler.ru
    rediffmail.com sbcglobal.net seznam.cz sfr.fr sina.com sky.com skynet.be t-online.de
    telefonica.net telenet.be terra.com.br tiscali.it tutanota.com ukr.net uol.com.br verizon.net
    virgilio.it wanadoo.fr web.de wp.pl xs4all.nl yahoo.co.jp yahoo.co.uk yahoo.com yahoo.de
    yahoo.fr yandex.com yandex.ru ymail.com ziggo.nl zoho.com
""")
"""Domains where anybody has an address: they say nothing of a company."""

DESKS = _listed("""
    accounting accounts admin administration administrator bestellung billing buchhaltung buero
    careers contact contacto contatto einkauf email empfang enquiries enquiry hallo hello help
    helpdesk hostmaster hr info inquiries inquiry invoice invoices jobs kanzlei kontakt mail
    marketing no-reply noreply office order orders post postmaster praxis press presse procurement
    purchasing reception rechnung sales secretary sekretariat service support team verkauf
    vertrieb webmaster welcome zentrale
""")
"""What stands before the @ of a mailbox that is a desk, not a person."""

PLATFORMS = _listed("""
    amazon.com ebay.com etsy.com facebook.com github.com instagram.com linkedin.com linktr.ee
    sites.google.com tiktok.com twitter.com x.com xing.com yelp.com youtube.com
""")
"""Hosts that are not one company's: there the page counts, too."""

# --- names of people -----------------------------------------------------------------------------

TITLES = _listed("""
    dame dipl dr fr frau herr hr ing madame mag miss mlle mme monsieur mr mrs ms mx prof professor
    sir
""")
CREDENTIALS = _listed("bsc dds esq llm mba md msc phd")
PARTICLES = _listed("""
    af al av bin da das de del della den der des di do dos du el het ibn la le les te ten ter van
    vom von zu zum zur
""")
GENERATIONS: Mapping[str, str] = {
    "jr": "jr", "jun": "jr", "junior": "jr", "sr": "sr", "sen": "sr", "senior": "sr",
    "ii": "ii", "iii": "iii", "iv": "iv",
}  # fmt: skip
"""Father and son: with the form that the writings of one have in common."""

# --- names of companies --------------------------------------------------------------------------

FILLERS = _listed("and et und")
LEGAL_FORMS = _listed("""
    ab ag aps as asa bhd bt bv co company corp corporation cv dd doo eg ehf eirl ek ev gbr ggmbh
    gk gmbh haftungsbeschrankt hf inc incorporated is jsc kft kg kgaa kk limited llc llp lp ltd
    ltda mbh nv nyrt ohg ojsc oy oyj plc private pte pty pvt sa sadecv sapa sarl sas sasu sau sdn
    se sl slu snc spa spolka spzoo srl sro ug vof zrt ао зао ип оао ооо пао тов тоо αε επε ικε οε
""")
EASTERN_FORMS = r"株式会社|有限会社|合同会社|\([株有주]\)|股份有限公司|有限公司|주식회사"
"""Legal forms that are written without a blank, as a pattern."""
