"""Words of a command line that go into a file, checked as the file's own reader would."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from undersong.recipes.names import Names
    from undersong.recipes.schema import Writing


def checked(
    model: "type[Writing]", names: "Names | None" = None, **words: str
) -> dict[str, str | None]:
    """Return what a file of this kind would make of some words.

    Raises:
        UsageError: words that it would not take, each with what is legal and the nearest name.
    """
    from pydantic import ValidationError

    from undersong.errors import UsageError
    from undersong.recipes.verdicts import slips

    try:
        found: dict[str, Any] = model.model_validate(words, context=names).chosen()
    except ValidationError as error:
        told = [
            f"`{slip.path[0]}`: {slip.message}"
            + (f" (seen: {words[str(slip.path[0])]})" if slip.shown else "")
            + (f"; legal: {slip.legal}" if slip.legal else "")
            + (f"; did you mean `{slip.nearest}`?" if slip.nearest else "")
            for slip in slips(error, model)
        ]
        raise UsageError("\n".join(told), hint="nothing was written") from error
    return found
