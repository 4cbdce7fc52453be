"""May a bed be published? Whoever recorded it says under which licence, and wants to be named."""

from undersong.ambience.bed import Bed


def missing_rights(bed: Bed) -> tuple[str, ...]:
    """Return what keeps a bed from being published, in sentences; nothing when it may be.

    A bed with a recording needs a licence and a credit. A licence without adaptations (ND) does
    not allow a mix. What is made by generators alone belongs to whoever made it.
    """
    if bed.kind == "generated":
        return ()
    words = bed.licence.upper().replace(" ", "-").split("-")
    rows = (
        (not bed.licence, f"the recording in the bed `{bed.name}` has no licence"),
        (not bed.credit, f"the recording in the bed `{bed.name}` has no credit"),
        ("ND" in words, f"{bed.licence} allows no adaptations, and a mix is one: `{bed.name}`"),
    )
    return tuple(text for true, text in rows if true)
