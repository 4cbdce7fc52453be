"""Microsoft Edge's online voices through edge-tts, behind a guard of our own.

The service is not ours and promises nothing: it must be reachable, it may refuse, and its terms
forbid commercial use of the sound (rany2/edge-tts #200). To edge-tts 7.3 a broken connection looks
like success and a stall lasts for ever, so nothing it returns is believed before it is proven:

    options   what a voice file may say
    split     a phrase in pieces that the service takes whole
    turn      one request, within its time, and what each way of failing means
    accept    is this take all of the phrase, and nothing else?
    patience  again with pauses, within a time, and not at all when the breaker is open
    engine    the contract of `voices.contract`
"""

from undersong.voices.edge.engine import Edge
from undersong.voices.edge.options import EdgeOptions

__all__ = ["Edge", "EdgeOptions"]
