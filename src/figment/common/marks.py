"""figment's own mark, written into all that it draws: an XMP packet with IPTC's DigitalSourceType; and whether a file has it.

What else is to be known of how it was drawn may stand behind it, as Dublin Core's description. A page has the same word in the
form that pages have for it: schema.org's digitalSourceType as JSON-LD (https://schema.org/digitalSourceType)."""

import re

VOCABULARY = "http://cv.iptc.org/newscodes/digitalsourcetype/"
# Words of it for what a machine made; there are others, for photographs, scans, drawings by hand.
MADE = ("trainedAlgorithmicMedia", "algorithmicMedia", "compositeWithTrainedAlgorithmicMedia", "compositeSynthetic")
PACKET = (
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">'
    "<Iptc4xmpExt:DigitalSourceType>{}</Iptc4xmpExt:DigitalSourceType>{}"
    '</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>'
)
DESCRIPTION = (
    '<dc:description xmlns:dc="http://purl.org/dc/elements/1.1/"><rdf:Alt><rdf:li xml:lang="x-default">{}</rdf:li></rdf:Alt>'
    "</dc:description>"
)
PAGE_DATA = (
    '<script type="application/ld+json">{{"@context":"https://schema.org","@type":"WebPage","digitalSourceType":'
    '"https://schema.org/{}DigitalSource"}}</script>'
)
# Other programs mark what is synthetic, too, but none in these very bytes.
_BEFORE, _BETWEEN, _AFTER = (re.escape(part.encode()) for part in PACKET.split("{}"))
_DESCRIBED = rb"[^<]{0,500}".join(re.escape(part.encode()) for part in DESCRIPTION.split("{}"))
_OURS = re.compile(
    _BEFORE + re.escape(VOCABULARY.encode()) + rb"\w+" + _BETWEEN + rb"(?:" + _DESCRIBED + rb")?" + _AFTER
)
_OUR_PAGE = re.compile(r"\w+".join(re.escape(part) for part in PAGE_DATA.format("\0").split("\0")).encode())
# Of a file, where a mark is: before the pixels in PNG and JPEG, behind them in WebP, with a signature of some kB after it; in the
# head of a page.
HEAD_BYTES, TAIL_BYTES = 2**16, 2**14


def has_own_mark(content: bytes) -> bool:
    """Whether the file of a picture or page says, in figment's way, that it is figment's."""
    head, tail = content[:HEAD_BYTES], content[-TAIL_BYTES:]
    return any(found for found in (_OURS.search(head), _OURS.search(tail), _OUR_PAGE.search(head)))
