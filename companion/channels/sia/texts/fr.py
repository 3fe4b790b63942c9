"""French."""

REASONS = {
    "not_taken": "le récepteur du centre de télésurveillance le refuse (NAK) : le compte, la clé ou l'heure ne sont pas ceux qu'il attend",
    "not_understood": "le récepteur du centre de télésurveillance ne comprend pas l'événement (DUH) : demandez au centre quel format et quels codes il accepte",
    "second_used": "le premier récepteur du centre de télésurveillance n'a pas répondu, le second l'a pris",
    "second_silent": "le second récepteur du centre de télésurveillance : {why}",
}
