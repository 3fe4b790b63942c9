"""Dutch."""

REASONS = {
    "no_key": "is geen sleutel van Pushover: hij heeft 30 letters en cijfers en staat op de startpagina van pushover.net, of bij de groep",
    "quota_used": "de berichten van deze maand zijn op, nieuwe zijn er op {reset}",
}
