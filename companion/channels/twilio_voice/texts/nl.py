"""Dutch."""

REASONS = {
    "locale": "nl-NL",
    "voice": "Polly.Lotte",
    "press_key": "Druk op {key} om het alarm op te pakken.",
    "nobody_pressed": "Er is geen toets ingedrukt: het alarm is niet beantwoord.",
    "no_callbacks": "gebeld, maar Twilio neemt het openbare adres van deze dienst niet aan: er kan geen toets worden ingedrukt en niemand hoort wie opnam",
    "busy": "de lijn was bezet",
    "no_answer": "niemand nam op",
    "failed": "het gesprek kwam niet tot stand",
    "machine": "een voicemail of automaat nam op",
}
