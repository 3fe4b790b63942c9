"""German."""

REASONS = {
    "untried": "der Server antwortet; ob es den Workflow gibt, zeigt erst eine Testnachricht",
    "stopped": "Adressen auf logic.azure.com gelten seit dem 30. November 2025 nicht mehr: den Workflow in Teams öffnen und seine neue Adresse nehmen",
}
