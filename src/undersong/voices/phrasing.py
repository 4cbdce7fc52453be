"""What engines are asked to say: utterances with the lexicons of their voice and library."""

from undersong.recipes.library import Library
from undersong.recipes.model import Recipe, Utterance
from undersong.voices.contract import Request
from undersong.voices.lexicon import Lexicon, touching
from undersong.voices.registry import load_voice
from undersong.voices.text import spoken_words
from undersong.voices.voice import Voice


class Phrasing:
    """Puts words into an engine's mouth; voices and lexicons of a library are read once."""

    def __init__(self, library: Library) -> None:
        """Read nothing yet."""
        self._library = library
        self._voices: dict[str, Voice] = {}
        self._lexicons: dict[tuple[str, str], Lexicon] = {}

    def voice(self, name: str) -> Voice:
        """Return a voice of the library.

        Raises:
            UnknownNameError: no such voice.
            FaultsError: its file holds faults.
        """
        if name not in self._voices:
            self._voices[name] = load_voice(name, self._library)
        return self._voices[name]

    def request(self, said: Utterance, voice: str) -> Request:
        """Return what an engine of a voice is asked to say; errors as of `voice`."""
        lexicon = self._lexicon(voice, said.language)
        return Request(
            words=spoken_words(lexicon.marked(said.words), said.language, lexicon.respelt),
            written=said.text,
            language=said.language,
            rate=said.rate,
        )

    def requests(self, recipe: Recipe) -> tuple[Request, ...]:
        """Return what engines are asked to say, by utterance; errors as of `voice`."""
        said = recipe.script.utterances
        return tuple(self.request(each, each.voice or recipe.voice) for each in said)

    def lexicon_of(self, recipe: Recipe) -> dict[str, object]:
        """Return what of all lexicons can reach a recipe's words, and no other entry.

        With its utterances this decides its requests, and it costs less to find out.
        """
        said = recipe.script.utterances
        words = [word.text for utterance in said for word in utterance.words]
        names = dict.fromkeys(each.voice or recipe.voice for each in said)
        voices = {name: self.voice(name) for name in names}
        homes = {"": (self._library.language, self._library.lexicon)} | {
            name: (voice.language, voice.lexicon) for name, voice in voices.items()
        }
        found = {name: touching(entries, words) for name, (_, entries) in homes.items()}
        return {name: [homes[name][0], entries] for name, entries in found.items() if entries}

    def _lexicon(self, voice: str, language: str) -> Lexicon:
        key = (voice, language)
        if key not in self._lexicons:
            library, owner = self._library, self.voice(voice)
            self._lexicons[key] = Lexicon.of(
                language, (library.language, library.lexicon), (owner.language, owner.lexicon)
            )
        return self._lexicons[key]
