"""IPTC's older fields (IIM), which stand among Photoshop's resources in JPEG and TIFF."""

from figment.metadata.stored import Stored

RESOURCES = b"Photoshop 3.0\0"
# IIM 4.2, record 2: those in which programs name themselves, or whom a picture is owed to.
FIELDS = {
    40: "SpecialInstructions",
    65: "OriginatingProgram",
    80: "By-line",
    110: "Credit",
    115: "Source",
    120: "Caption",
}
IIM, XMP, CONTENT = 0x0404, 0x0424, 2


def read_resources(content: bytes, stored: Stored) -> None:
    """The resources' blocks: "8BIM", number, name, length, content. IIM alone is read, too, where no block is round it."""
    if content[:1] == b"\x1c":
        read_iim(content, stored)
        return
    at = 0
    while content[at : at + 4] == b"8BIM" and at + 12 <= len(content):
        stored.count()
        number = int.from_bytes(content[at + 4 : at + 6], "big")
        at += 6 + (content[at + 6] + 2) // 2 * 2
        size = int.from_bytes(content[at : at + 4], "big")
        block = content[at + 4 : at + 4 + size]
        at += 4 + (size + 1) // 2 * 2
        if number == IIM:
            read_iim(block, stored)
        elif number == XMP:
            stored.add_packet(block)


def read_iim(content: bytes, stored: Stored) -> None:
    at = 0
    while content[at : at + 1] == b"\x1c" and at + 5 <= len(content):
        stored.count()
        record, number, size = content[at + 1], content[at + 2], int.from_bytes(content[at + 3 : at + 5], "big")
        if size & 0x8000:  # a length of more bytes: nothing that is looked for here
            return
        if record == CONTENT and number in FIELDS:
            stored.add("IPTC", FIELDS[number], content[at + 5 : at + 5 + size])
        at += 5 + size
