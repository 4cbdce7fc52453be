"""Narrates a recipe in a process of its own, led to a stand-in of the Edge service.

python edge_narrator.py RECIPE CACHE WSS_URL LIST_URL
"""

import sys
from pathlib import Path

import edge_tts.communicate
import edge_tts.voices
from edge_stand_in import PATIENT

from undersong.recipes.library import Library
from undersong.recipes.load import load_recipe
from undersong.voices.edge import Edge
from undersong.voices.narrate import narrate
from undersong.voices.takes import TakeStore


def main(recipe: str, cache: str, wss_url: str, list_url: str) -> None:
    edge_tts.communicate.WSS_URL = wss_url
    edge_tts.voices.VOICE_LIST = list_url
    Edge.limits = PATIENT
    library = Library.find(Path(recipe))
    (track,) = load_recipe(Path(recipe), library)
    narrate(track, library, TakeStore(Path(cache)))


if __name__ == "__main__":
    main(*sys.argv[1:])
