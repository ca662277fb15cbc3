"""What people write for a license, as SPDX expressions: names, near misses, URLs.

Pure. Only whole texts are mapped, and only where one license can be meant: `CC BY` without a
version or `Public domain` stay as they are, and are refused for what they leave open.
"""

from __future__ import annotations

import re

from seedbox.manifest.opendefinition import APPROVED, REJECTED

# Deprecated SPDX ids that became a license and an exception (SPDX license list 3.0).
REPLACED = {
    "ecos-2.0": "GPL-2.0-or-later WITH eCos-exception-2.0",
    "gpl-2.0-with-autoconf-exception": "GPL-2.0-only WITH Autoconf-exception-2.0",
    "gpl-2.0-with-bison-exception": "GPL-2.0-only WITH Bison-exception-2.2",
    "gpl-2.0-with-classpath-exception": "GPL-2.0-only WITH Classpath-exception-2.0",
    "gpl-2.0-with-font-exception": "GPL-2.0-only WITH Font-exception-2.0",
    "gpl-2.0-with-gcc-exception": "GPL-2.0-only WITH GCC-exception-2.0",
    "gpl-3.0-with-autoconf-exception": "GPL-3.0-only WITH Autoconf-exception-3.0",
    "gpl-3.0-with-gcc-exception": "GPL-3.0-only WITH GCC-exception-3.1",
    "wxwindows": "LGPL-2.0-or-later WITH WxWindows-exception-3.1",
}

_NAMES = {  # in lower case, `license` with s, without `version` or `v` before a number
    "apache 2": "Apache-2.0",
    "apache 2.0": "Apache-2.0",
    "apache license 2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "apache2": "Apache-2.0",
    "boost software license 1.0": "BSL-1.0",
    "business source license 1.1": "BUSL-1.1",
    "c-uda": "C-UDA-1.0",
    "cc zero 1.0": "CC0-1.0",
    "cc zero": "CC0-1.0",
    "cc-zero": "CC0-1.0",
    "cc0 1.0 universal (cc0 1.0) public domain dedication": "CC0-1.0",
    "cc0 1.0 universal": "CC0-1.0",
    "cc0 1.0": "CC0-1.0",
    "cc0": "CC0-1.0",
    "cc0-1.0 universal": "CC0-1.0",
    "community data license agreement - permissive - 1.0": "CDLA-Permissive-1.0",
    "community data license agreement - permissive - 2.0": "CDLA-Permissive-2.0",
    "community data license agreement - sharing - 1.0": "CDLA-Sharing-1.0",
    "community data license agreement - permissive 1.0": "CDLA-Permissive-1.0",
    "community data license agreement - permissive 2.0": "CDLA-Permissive-2.0",
    "community data license agreement - sharing 1.0": "CDLA-Sharing-1.0",
    "community data license agreement permissive 1.0": "CDLA-Permissive-1.0",
    "community data license agreement permissive 2.0": "CDLA-Permissive-2.0",
    "community data license agreement sharing 1.0": "CDLA-Sharing-1.0",
    "creative commons cc0 1.0 universal public domain dedication": "CC0-1.0",
    "creative commons cc0 1.0 universal": "CC0-1.0",
    "creative commons cc0": "CC0-1.0",
    "creative commons public domain mark 1.0": "CC-PDM-1.0",
    "creative commons zero 1.0 universal": "CC0-1.0",
    "creative commons zero 1.0": "CC0-1.0",
    "creative commons zero": "CC0-1.0",
    "database contents license (dbcl) 1.0": "LicenseRef-DbCL-1.0",
    "database contents license 1.0": "LicenseRef-DbCL-1.0",
    "dbcl 1.0": "LicenseRef-DbCL-1.0",
    "elastic license 2.0": "Elastic-2.0",
    "etalab 2.0": "etalab-2.0",
    "eupl 1.2": "EUPL-1.2",
    "european union public license 1.2": "EUPL-1.2",
    "free art license 1.3": "LAL-1.3",
    "gnu affero general public license 3": "AGPL-3.0-only",
    "gnu affero general public license 3.0": "AGPL-3.0-only",
    "gnu general public license 2": "GPL-2.0-only",
    "gnu general public license 2.0": "GPL-2.0-only",
    "gnu general public license 3": "GPL-3.0-only",
    "gnu general public license 3.0": "GPL-3.0-only",
    "gnu lesser general public license 3": "LGPL-3.0-only",
    "gnu lesser general public license 3.0": "LGPL-3.0-only",
    "isc license": "ISC",
    "license ouverte / open license 2.0": "etalab-2.0",
    "license ouverte 2.0": "etalab-2.0",
    "mit license": "MIT",
    "mozilla public license 2.0": "MPL-2.0",
    "odbl 1.0": "ODbL-1.0",
    "odbl": "ODbL-1.0",
    "odc by 1.0": "ODC-By-1.0",
    "odc odbl 1.0": "ODbL-1.0",
    "odc-by 1.0": "ODC-By-1.0",
    "odc-by": "ODC-By-1.0",
    "odc-odbl": "ODbL-1.0",
    "odc-odbl-1.0": "ODbL-1.0",
    "odc-pddl": "PDDL-1.0",
    "odc-pddl-1.0": "PDDL-1.0",
    "ofl 1.1": "OFL-1.1",
    "open data commons attribution license 1.0": "ODC-By-1.0",
    "open data commons attribution license": "ODC-By-1.0",
    "open data commons open database license 1.0": "ODbL-1.0",
    "open data commons open database license": "ODbL-1.0",
    "open data commons public domain dedication and license 1.0": "PDDL-1.0",
    "open data commons public domain dedication and license": "PDDL-1.0",
    "open database license (odbl) 1.0": "ODbL-1.0",
    "open database license (odbl)": "ODbL-1.0",
    "open database license 1.0": "ODbL-1.0",
    "open database license": "ODbL-1.0",
    "open font license 1.1": "OFL-1.1",
    "open government license - canada 2.0": "OGL-Canada-2.0",
    "open government license 3.0": "OGL-UK-3.0",
    "open government license canada 2.0": "OGL-Canada-2.0",
    "pddl 1.0": "PDDL-1.0",
    "pddl": "PDDL-1.0",
    "public domain dedication and license 1.0": "PDDL-1.0",
    "public domain mark 1.0": "CC-PDM-1.0",
    "server side public license 1": "SSPL-1.0",
    "sil open font license 1.1": "OFL-1.1",
    "the mit license": "MIT",
    "the unlicense": "Unlicense",
    "unicode license 3": "Unicode-3.0",
    "zlib license": "Zlib",
}

_URLS = {
    "apache.org/licenses/license-2.0": "Apache-2.0",
    "cdla.dev/permissive-1-0": "CDLA-Permissive-1.0",
    "cdla.dev/permissive-2-0": "CDLA-Permissive-2.0",
    "cdla.dev/sharing-1-0": "CDLA-Sharing-1.0",
    "creativecommons.org/publicdomain/mark/1.0": "CC-PDM-1.0",
    "creativecommons.org/publicdomain/zero/1.0": "CC0-1.0",
    "govdata.de/dl-de/by-2-0": "DL-DE-BY-2.0",
    "govdata.de/dl-de/zero-2-0": "DL-DE-ZERO-2.0",
    "mozilla.org/mpl/2.0": "MPL-2.0",
    "nationalarchives.gov.uk/doc/open-government-licence/version/2": "OGL-UK-2.0",
    "nationalarchives.gov.uk/doc/open-government-licence/version/3": "OGL-UK-3.0",
    "opendatacommons.org/licenses/by": "ODC-By-1.0",
    "opendatacommons.org/licenses/by/1-0": "ODC-By-1.0",
    "opendatacommons.org/licenses/by/1.0": "ODC-By-1.0",
    "opendatacommons.org/licenses/dbcl": "LicenseRef-DbCL-1.0",
    "opendatacommons.org/licenses/dbcl/1-0": "LicenseRef-DbCL-1.0",
    "opendatacommons.org/licenses/dbcl/1.0": "LicenseRef-DbCL-1.0",
    "opendatacommons.org/licenses/odbl": "ODbL-1.0",
    "opendatacommons.org/licenses/odbl/1-0": "ODbL-1.0",
    "opendatacommons.org/licenses/odbl/1.0": "ODbL-1.0",
    "opendatacommons.org/licenses/pddl": "PDDL-1.0",
    "opendatacommons.org/licenses/pddl/1-0": "PDDL-1.0",
    "opendatacommons.org/licenses/pddl/1.0": "PDDL-1.0",
    "openfontlicense.org": "OFL-1.1",
    "scripts.sil.org/ofl": "OFL-1.1",
    "unicode.org/license.txt": "Unicode-3.0",
}

# Ids and addresses of the Open Definition's own list, where they mean one license of SPDX. Its id
# for the GFDL does not tell "only" from "or later": the narrower is meant.
_LISTED_NAMES = {row.id.lower(): row.spdx[0] for row in (*APPROVED, *REJECTED) if row.spdx}
_LISTED_URLS = {
    row.url.partition("://")[2].removeprefix("www.").rstrip("/").lower(): row.spdx[0]
    for row in (*APPROVED, *REJECTED)
    if row.spdx
}

_MAX_NAME = 200  # characters; longer texts are no names
_DASH = re.compile("[\u2010-\u2015]")
_VERSION = re.compile(r"(?:,? version |[ -]v(?:ersion)?\.? ?)(?=[0-9])")
_TWICE = re.compile(r"([^()]+) \(([^()]+)\)")
_URL_START = re.compile(r"https?://(?:www\.)?")
_URL_END = re.compile(r"(?:/(?:legalcode|deed)(?:\.[a-z_-]{2,12})?)?(?:\.html?|\.txt)?/?$")
_LISTED = re.compile(r"(?:spdx\.org|opensource\.org)/licenses?/([a-z0-9.+-]+)")
_CC_URL = re.compile(
    r"creativecommons\.org/licenses/(?P<kind>by(?:-nc)?(?:-nd|-sa)?)/(?P<version>[1-4]\.[0-9])"
    r"(?:/(?P<port>[a-z]{2,3}))?"
)
# Creative Commons in words, after `_CC_WORDS` have been put in place of the long ones.
_CC_NAME = re.compile(
    r"(?:creative commons|cc)[ -]*(?P<kind>by(?:[ -](?:nc|nd|sa))*)[ -](?P<version>[1-4]\.[0-9])"
    r"(?: (?:international|unported|generic)|[ -](?P<port>igo|[a-z]{2}))?"
    r"(?: public license| license)?"
)
_CC_WORDS = (
    (re.compile(r"attribution"), "by"),
    (re.compile(r"non[ -]?commercial"), "nc"),
    (re.compile(r"no[ -]?deriv(?:ative)?s?(?: works)?"), "nd"),
    (re.compile(r"share[ -]?alike"), "sa"),
)


def spdx(text: str) -> str:
    """Return the SPDX expression that a name or URL of a license stands for, else the text."""
    if len(text) > _MAX_NAME:
        return text
    plain = " ".join(_DASH.sub("-", text).split())
    if not plain.isascii():  # letters that only look like those of a name
        return text
    plain = plain.lower()
    if start := _URL_START.match(plain):
        return _from_url(plain[start.end() :]) or text
    clean = _VERSION.sub(" ", plain.replace("licence", "license")).rstrip(".")
    if found := _named(clean):
        return found
    if twice := _TWICE.fullmatch(clean):  # such as "Creative Commons … 4.0 (CC BY 4.0)"
        long, short = _named(twice[1]), _named(twice[2])
        return long if long is not None and long == short else text
    return text


def _named(clean: str) -> str | None:
    return _NAMES.get(clean) or _LISTED_NAMES.get(clean) or _creative_commons(clean)


def _from_url(address: str) -> str | None:
    short = _URL_END.sub("", address.partition("#")[0].partition("?")[0])
    if match := _CC_URL.fullmatch(short):
        return _cc_id(match)
    if match := _LISTED.fullmatch(short):
        return match[1]
    return _URLS.get(short) or _LISTED_URLS.get(short)


def _creative_commons(clean: str) -> str | None:
    for words, letters in _CC_WORDS:
        clean = words.sub(letters, clean)
    match = _CC_NAME.fullmatch(clean)
    return _cc_id(match) if match else None


def _cc_id(match: re.Match[str]) -> str:
    port = f"-{match['port']}" if match["port"] else ""
    return f"CC-{match['kind'].replace(' ', '-')}-{match['version']}{port}".upper()
