"""English."""

REASONS = {
    "not_taken": "the station's receiver refuses it (NAK): account, key or clock are not what it expects",
    "not_understood": "the station's receiver does not understand the event (DUH): ask the station which format and codes it takes",
    "second_used": "the station's first receiver did not answer, the second one took it",
    "second_silent": "the station's second receiver: {why}",
}
