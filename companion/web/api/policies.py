"""Single escalation policies over the API: each checked and applied as a document of its own."""

from functools import partial

from companion.directory import store as directory
from companion.directory.apply import Action, apply_policy
from companion.directory.model import DirectoryPolicy
from companion.directory.roles import Role
from companion.directory.seed import DocumentInvalid
from companion.web.api.seeding import document_refused
from companion.web.http.route import Answer, Call, NoQuery, Output, Route
from companion.web.problems import InvalidRequest, UnknownPolicy


class PolicyList(Output):
    """Every escalation policy, by name."""

    policies: list[DirectoryPolicy]


async def list_policies(call: Call[NoQuery, None]) -> PolicyList:
    """Return every policy."""
    return PolicyList(policies=await call.context.db.read(partial(directory.policies, call.caller.scope)))


async def show_policy(call: Call[NoQuery, None]) -> DirectoryPolicy:
    """Return one policy."""
    policy_id = call.path("policy_id")
    found = await call.context.db.read(partial(directory.policies, call.caller.scope))
    policy = next((one for one in found if one.id == policy_id), None)
    if policy is None:
        raise UnknownPolicy(
            f"There is no policy {policy_id}. GET /v1/admin/escalation-policies lists those there are."
        )
    return policy


async def put_policy(call: Call[NoQuery, DirectoryPolicy]) -> Answer:
    """Make or replace a policy. Alarms that are running keep the one they were raised with."""
    policy, secrets = call.body, call.context.secrets
    if policy.id != call.path("policy_id"):
        problem = "must be the id in the address"
        raise InvalidRequest(f"body.id: {problem}", errors=[{"where": "body.id", "problem": problem}])
    try:
        plan = await call.context.db.write(lambda conn: apply_policy(conn, policy, secrets))
    except DocumentInvalid as err:
        raise document_refused(err) from err
    return Answer(body=policy, status=201 if plan.count(Action.ADDED) else 200)


_administration = partial(Route, tag="administration", role=Role.ADMIN, all_sites=True)

ROUTES = (
    _administration(
        method="GET",
        path="/v1/admin/escalation-policies",
        handler=list_policies,
        name="list_policies",
        summary="Escalation policies",
        answers={200: PolicyList},
    ),
    _administration(
        method="GET",
        path="/v1/admin/escalation-policies/{policy_id}",
        handler=show_policy,
        name="show_policy",
        summary="One escalation policy",
        answers={200: DirectoryPolicy},
        problems=(UnknownPolicy,),
    ),
    _administration(
        method="PUT",
        path="/v1/admin/escalation-policies/{policy_id}",
        handler=put_policy,
        name="put_policy",
        summary="Make or replace an escalation policy; running alarms keep theirs",
        body=DirectoryPolicy,
        answers={200: DirectoryPolicy, 201: DirectoryPolicy},
    ),
)
