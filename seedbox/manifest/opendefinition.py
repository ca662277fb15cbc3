"""What the Open Definition and the OSI have decided of licenses, as tables.

Pure. Data of the repository okfn/licenses at commit 98a3a6f83fb4f7963ccf3cfbc16968816d2c0861
(2023-03-24), which serves licenses.opendefinition.org: from its licenses.csv the columns id, title
and url of the 28 rows that od_conformance decides, and the id of each row that osd_conformance
approves. It is by the Open Knowledge Foundation, who dedicated it to the public domain
(ODC-PDDL-1.0, https://opendatacommons.org/licenses/pddl/1-0/). The SPDX ids were put beside it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Decided:
    """A license that the Open Definition's advisory council approved or rejected."""

    id: str  # in its own list
    spdx: tuple[str, ...]  # ids that mean the same terms; none where SPDX lists no such license
    title: str
    url: str  # empty where its list has none


APPROVED = (
    Decided(
        "Against-DRM",
        (),
        "Against DRM",
        "https://opendefinition.org/licenses/against-drm",
    ),
    Decided(
        "CC-BY-4.0",
        ("CC-BY-4.0",),
        "Creative Commons Attribution 4.0",
        "https://creativecommons.org/licenses/by/4.0/",
    ),
    Decided(
        "CC-BY-SA-4.0",
        ("CC-BY-SA-4.0",),
        "Creative Commons Attribution Share-Alike 4.0",
        "https://creativecommons.org/licenses/by-sa/4.0/",
    ),
    Decided(
        "CC0-1.0",
        ("CC0-1.0",),
        "CC0 1.0",
        "https://creativecommons.org/publicdomain/zero/1.0/",
    ),
    Decided(
        "DSL",
        (),
        "Design Science License",
        "https://opendefinition.org/licenses/dsl",
    ),
    Decided(
        "FAL-1.3",
        ("LAL-1.3",),
        "Free Art License 1.3",
        "https://opendefinition.org/licenses/fal",
    ),
    Decided(
        "GFDL-1.3-no-cover-texts-no-invariant-sections",
        ("GFDL-1.3-no-invariants-only", "GFDL-1.3-no-invariants-or-later"),
        "GNU Free Documentation License 1.3 with no cover texts and no invariant sections",
        "https://opendefinition.org/licenses/gfdl",
    ),
    Decided(
        "MirOS",
        ("MirOS",),
        "MirOS Licence",
        "https://opensource.org/licenses/MirOS",
    ),
    Decided(
        "ODC-BY-1.0",
        ("ODC-By-1.0",),
        "Open Data Commons Attribution License 1.0",
        "https://opendefinition.org/licenses/odc-by",
    ),
    Decided(
        "ODbL-1.0",
        ("ODbL-1.0",),
        "Open Data Commons Open Database License 1.0",
        "https://opendefinition.org/licenses/odc-odbl",
    ),
    Decided(
        "OGL-Canada-2.0",
        ("OGL-Canada-2.0",),
        "Open Government License 2.0 (Canada)",
        "https://open.canada.ca/en/open-government-licence-canada",
    ),
    Decided(
        "OGL-UK-2.0",
        ("OGL-UK-2.0",),
        "Open Government Licence 2.0 (United Kingdom)",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/2/",
    ),
    Decided(
        "OGL-UK-3.0",
        ("OGL-UK-3.0",),
        "Open Government Licence 3.0 (United Kingdom)",
        "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
    ),
    Decided(
        "PDDL-1.0",
        ("PDDL-1.0",),
        "Open Data Commons Public Domain Dedication and Licence 1.0",
        "https://opendefinition.org/licenses/odc-pddl",
    ),
    Decided(
        "Talis",
        (),
        "Talis Community License",
        "https://opendefinition.org/licenses/tcl",
    ),
    Decided(
        "hesa-withrights",
        (),
        "Higher Education Statistics Agency Copyright with data.gov.uk rights",
        "https://web.archive.org/web/20131009082944/http://www.hesa.ac.uk/index.php?option=com_content&task=view&id=2619&Itemid=209",
    ),
    Decided(
        "localauth-withrights",
        (),
        "Local Authority Copyright with data.gov.uk rights",
        "",
    ),
    Decided(
        "other-at",
        (),
        "Other (Attribution)",
        "",
    ),
    Decided(
        "other-open",
        (),
        "Other (Open)",
        "",
    ),
    Decided(
        "other-pd",
        (),
        "Other (Public Domain)",
        "",
    ),
    Decided(
        "ukcrown-withrights",
        (),
        "UK Crown Copyright with data.gov.uk rights",
        "",
    ),
)

REJECTED = (
    Decided(
        "CC-BY-NC-4.0",
        ("CC-BY-NC-4.0",),
        "Creative Commons Attribution-NonCommercial 4.0",
        "https://creativecommons.org/licenses/by-nc/4.0/",
    ),
    Decided(
        "CC-BY-NC-ND-4.0",
        ("CC-BY-NC-ND-4.0",),
        "Attribution-NonCommercial-NoDerivatives 4.0",
        "https://creativecommons.org/licenses/by-nc-nd/4.0/",
    ),
    Decided(
        "CC-BY-NC-SA-4.0",
        ("CC-BY-NC-SA-4.0",),
        "Attribution-NonCommercial-ShareAlike 4.0",
        "https://creativecommons.org/licenses/by-nc-sa/4.0/",
    ),
    Decided(
        "CC-BY-ND-4.0",
        ("CC-BY-ND-4.0",),
        "Attribution-NoDerivatives 4.0",
        "https://creativecommons.org/licenses/by-nd/4.0/",
    ),
    Decided(
        "ukclickusepsi",
        (),
        "UK Click Use PSI",
        "",
    ),
    Decided(
        "ukcrown",
        (),
        "UK Crown Copyright",
        "",
    ),
    Decided(
        "ukpsi",
        (),
        "UK PSI Public Sector Information",
        "https://opendefinition.org/licenses/ukpsi",
    ),
)

# Those of the OSI's approvals that the list carries and SPDX has an id for. An id of a GNU license
# without "only" or "or later" means both.
_OSI = """
AAL AFL-3.0 AGPL-3.0 APL-1.0 APSL-2.0 Apache-1.1 Apache-2.0 Artistic-2.0 BSD-2-Clause
BSD-3-Clause BSL-1.0 CATOSL-1.1 CDDL-1.0 CECILL-2.1 CNRI-Python CPAL-1.0 CUA-OPL-1.0 ECL-2.0
EFL-2.0 EPL-1.0 EPL-2.0 EUDatagrid EUPL-1.1 Entessa Fair Frameworx-1.0 GPL-2.0 GPL-3.0 HPND
IPA IPL-1.0 ISC Intel LGPL-2.1 LGPL-3.0 LPL-1.0 LPL-1.02 LPPL-1.3c MIT MPL-1.0 MPL-1.1 MPL-2.0
MS-PL MS-RL MirOS Motosoto Multics NASA-1.3 NCSA NGPL NPOSL-3.0 NTP Naumen Nokia OCLC-2.0
OFL-1.1 OGTSL OSL-3.0 PHP-3.0 PostgreSQL Python-2.0 QPL-1.0 RPL-1.5 RPSL-1.0 RSCPL SISSL
SPL-1.0 SimPL-2.0 Sleepycat VSL-1.0 W3C Watcom-1.0 Xnet ZPL-2.0 Zlib
"""
OSI_APPROVED = frozenset(_OSI.split())
