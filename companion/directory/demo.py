"""A small, believable directory for trying out; its channels lead to this host, so that nobody is woken."""

DEMO_DOCUMENT = """\
policies:
  - id: office-hours
    name: Office hours
    steps:
      - targets: [{channel: sms, address: "+12025550100", name: Porter's lodge}, {person: shift-lead}]
      - after: 60
        targets: [{person: safety-officer}]
    repeat: 2
    repeat_after: 120
sites:
  - id: head-office
    name: Head office
    timezone: Europe/Berlin
    policy: office-hours
    rooms:
      - {id: reception, name: Reception}
      - {id: meeting-room, name: Meeting room 1.04}
channels:
  - id: sms
    kind: sms
    name: SMS (nothing is sent)
    config: {url: "http://127.0.0.1:9/sms"}
people:
  - id: receptionist
    name: Receptionist
  - id: shift-lead
    name: Shift lead
    site: head-office
    contacts: [{channel: sms, address: "+12025550101"}]
  - id: safety-officer
    name: Safety officer
    language: de
    contacts: [{channel: sms, address: "+12025550102"}]
devices:
  - id: reception-phone
    kind: yealink
    name: Reception phone
    site: head-office
    room: reception
    person: receptionist
    token: ${env:DEMO_TOKEN}
"""
