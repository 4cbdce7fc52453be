"""What engines are told to say: written words become words without figures, signs or markup."""

from undersong.voices.text.spoken import spoken_words

__all__ = ["spoken_words"]
