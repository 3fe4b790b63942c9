"""Dutch."""

REASONS = {
    "untried": "de server antwoordt; of de werkstroom bestaat, blijkt pas uit een testbericht",
    "stopped": "adressen op logic.azure.com werken sinds 30 november 2025 niet meer: open de werkstroom in Teams en neem het nieuwe adres",
}
