"""French."""

REASONS = {
    "untried": "le serveur répond ; seul un message d'essai montre si le flux existe",
    "stopped": "les adresses sur logic.azure.com ne fonctionnent plus depuis le 30 novembre 2025 : ouvrir le flux dans Teams et prendre sa nouvelle adresse",
}
