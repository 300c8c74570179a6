"""What a validation finds wrong with a value, in the words of whoever typed it."""

# The longer ones first: the shorter ones are in them.
JARGON = {
    "a valid integer, unable to parse string as an integer": "a whole number",
    "a valid integer, got a number with a fractional part": "a whole number",
    "a valid number, unable to parse string as a number": "a number",
    "a valid boolean, unable to interpret input": "true or false",
    "a valid integer": "a whole number",
    "a valid number": "a number",
}


def plain_reason(message: str) -> str:
    """A message of pydantic's without its own words: "Input should be a valid number" → "a number"."""
    reason = message.removeprefix("Value error, ").removeprefix("Input should be ")
    for jargon, plain in JARGON.items():
        reason = reason.replace(jargon, plain)
    return reason
