"""The kinds of things that the API stores: their id prefixes, and how their states advance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Kind:
    """One kind of thing.

    `prefix` is that of its ids, and `noun` the API's word for it. `key` is the property that
    identifies a thing: its name if a request gives one, else a new id; it may refer to the
    collection `source`. `states` are the values of `status`, first when it is created and then at
    each look. `facts` are defaults for properties that a request does not set. `spelled` maps
    properties of requests to their names in answers. `said` is the message for a thing that does
    not exist. `seen` is the function that updates a thing when it is looked at, as
    `module.function`. With `has_sample`, one thing exists from the start, as no request can create
    one.
    """

    prefix: str = "sandbox_"
    noun: str = "thing"
    key: str = "id"
    states: tuple[str, ...] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    spelled: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    seen: str = ""
    has_sample: bool = False
    source: str = ""

    def missing(self, name: str) -> str:
        """The message for a thing that does not exist."""
        return (self.said or "No {noun} found with id '{name}'.").format(noun=self.noun, name=name)


GROUPS, ROLES, USERS = "/organization/groups", "/organization/roles", "/organization/users"
PROJECT_ROLES = "/projects/{}/roles"

# Where things are kept that some paths name differently.
HOMES = {
    "/projects": "/organization/projects",
    "/projects/{}/groups": "/organization/projects/{}/groups",
    "/projects/{}/users": "/organization/projects/{}/users",
}

# By the path of the collection, with `{}` for each parameter.
KINDS: Mapping[str, Kind] = {
    "/agents": Kind("agent_", "agent"),
    "/agents/automations": Kind("automation_", "automation"),
    "/agents/automations/{}/invocations": Kind("invocation_", "invocation"),
    "/agents/environments": Kind("env_", "environment"),
    "/agents/environments/templates": Kind("envtmpl_", "environment template"),
    "/agents/environments/{}/files": Kind("envfile_", "environment file"),
    "/agents/sessions": Kind("session_", "session"),
    "/agents/sessions/{}/artifacts": Kind("artifact_", "artifact", has_sample=True),
    "/agents/sessions/{}/items": Kind("item_", "item", has_sample=True),
    "/agents/sessions/{}/subagents": Kind("subagent_", "subagent", has_sample=True),
    "/agents/sessions/{}/subagents/{}/items": Kind("item_", "item", has_sample=True),
    "/agents/sessions/{}/subagents/{}/turns": Kind("turn_", "turn", has_sample=True),
    "/agents/sessions/{}/subagents/{}/turns/{}/items": Kind("item_", "item", has_sample=True),
    "/agents/sessions/{}/traces": Kind("trace_", "trace", has_sample=True),
    "/agents/sessions/{}/turns": Kind("turn_", "turn", has_sample=True),
    "/agents/sessions/{}/turns/{}/items": Kind("item_", "item", has_sample=True),
    "/assistants": Kind("asst_", "assistant"),
    "/audio/voice_consents": Kind("cons_", "voice consent"),
    "/audio/voices": Kind("voice_", "voice"),
    "/batches": Kind("batch_", "batch", facts={"object": "batch"}, seen="batches.look_at_batch"),
    "/chat/completions": Kind("chatcmpl-", "completion", said="Completion '{name}' not found."),
    "/chatkit/sessions": Kind("cksess_", "session"),
    "/chatkit/threads": Kind("cthr_", "thread", has_sample=True),
    "/chatkit/threads/{}/items": Kind("cthi_", "item", has_sample=True),
    "/containers": Kind(
        "cntr_",
        "container",
        facts={"object": "container", "status": "running"},
        said="Container with id '{name}' not found.",
    ),
    "/containers/{}/files": Kind(
        "cfile_",
        "container file",
        facts={"object": "container.file", "source": "user"},
        said="Container file with id '{name}' not found.",
    ),
    "/content_provenance_checks": Kind("provcheck_", "content provenance check"),
    "/conversations": Kind(
        "conv_", "conversation", said="Conversation with id '{name}' not found."
    ),
    "/conversations/{}/items": Kind("msg_", "item"),
    "/evals": Kind("eval_", "eval"),
    "/evals/{}/runs": Kind(
        "evalrun_",
        "eval run",
        states=("queued", "in_progress", "completed"),
        seen="evals.bring_up_to_date",
    ),
    "/evals/{}/runs/{}/output_items": Kind("outputitem_", "output item"),
    "/fine_tuning/checkpoints/{}/permissions": Kind("cp_", "checkpoint permission"),
    "/fine_tuning/jobs": Kind(
        "ftjob-",
        "fine-tuning job",
        states=("validating_files", "queued", "running", "succeeded"),
        facts={"organization_id": "org-sandbox", "result_files": []},
        seen="fine_tuning.bring_up_to_date",
    ),
    "/fine_tuning/jobs/{}/checkpoints": Kind("ftckpt_", "checkpoint"),
    "/fine_tuning/jobs/{}/events": Kind("ftevent-", "event"),
    "/live/sessions": Kind("live_", "session"),
    "/organization/admin_api_keys": Kind("key_", "admin API key"),
    "/organization/audit_logs": Kind("audit_log-", "audit log", has_sample=True),
    "/organization/certificates": Kind("cert_", "certificate"),
    "/organization/external_keys": Kind("extkey_", "external key"),
    "/organization/external_storage": Kind("extstorage_", "external storage"),
    "/organization/groups": Kind("group_", "group"),
    "/organization/groups/{}/roles": Kind("role_", "role", key="role_id", source=ROLES),
    "/organization/groups/{}/users": Kind("user-", "user", key="user_id", source=USERS),
    "/organization/invites": Kind("invite-", "invite", facts={"status": "pending", "projects": []}),
    "/organization/projects": Kind(
        "proj_", "project", facts={"status": "active", "archived_at": None}
    ),
    "/organization/projects/{}/api_keys": Kind(
        "key_", "API key", has_sample=True, facts={"redacted_value": "sk-...box"}
    ),
    "/organization/projects/{}/certificates": Kind("cert_", "certificate"),
    "/organization/projects/{}/groups": Kind("group_", "group", key="group_id", source=GROUPS),
    "/organization/projects/{}/rate_limits": Kind(
        "rl-",
        "rate limit",
        has_sample=True,
        facts={"max_requests_per_1_minute": 500, "max_tokens_per_1_minute": 200_000},
    ),
    "/organization/projects/{}/service_accounts": Kind("svc_acct_", "service account"),
    "/organization/projects/{}/spend_alerts": Kind("alert_", "spend alert"),
    "/organization/projects/{}/users": Kind("user-", "user", key="user_id", source=USERS),
    "/organization/roles": Kind(
        "role_",
        "role",
        facts={"resource_type": "api.organization", "predefined_role": False},
        spelled={"role_name": "name"},
    ),
    "/organization/spend_alerts": Kind("alert_", "spend alert"),
    "/organization/users": Kind(
        "user-",
        "user",
        has_sample=True,
        facts={"name": "sandbox", "email": "user@example.com", "role": "owner"},
    ),
    "/organization/users/{}/roles": Kind("role_", "role", key="role_id", source=ROLES),
    "/organization/data_retention": Kind(spelled={"retention_type": "type"}),
    "/organization/projects/{}/data_retention": Kind(spelled={"retention_type": "type"}),
    "/organization/workload_identity_providers": Kind("wip_", "workload identity provider"),
    "/organization/workload_identity_providers/{}/federation_rules": Kind(
        "wifr_", "federation rule"
    ),
    "/projects/{}/groups/{}/roles": Kind("role_", "role", key="role_id", source=PROJECT_ROLES),
    PROJECT_ROLES: Kind(
        "role_",
        "role",
        facts={"resource_type": "api.project", "predefined_role": False},
        spelled={"role_name": "name"},
    ),
    "/projects/{}/users/{}/roles": Kind("role_", "role", key="role_id", source=PROJECT_ROLES),
    "/realtime/calls": Kind("rtc_", "call"),
    "/safety/alerts": Kind("alert_", "safety alert", has_sample=True),
    "/safety/cases": Kind("case_", "safety case", has_sample=True),
    "/skills": Kind("skill_", "skill"),
    "/skills/{}/versions": Kind("skillver_", "version", key="version"),
    "/threads": Kind("thread_", "thread"),
    "/threads/{}/messages": Kind("msg_", "message"),
    "/threads/{}/runs": Kind(
        "run_",
        "run",
        states=("queued", "in_progress", "completed"),
        seen="runs.bring_up_to_date",
    ),
    "/threads/{}/runs/{}/steps": Kind("step_", "run step"),
    "/uploads": Kind("upload_", "upload", facts={"object": "upload"}),
    "/uploads/{}/parts": Kind("part_", "part"),
    "/vaults": Kind("vault_", "vault"),
    "/vaults/{}/credentials": Kind("cred_", "credential"),
    "/vector_stores": Kind("vs_", "vector store", seen="vector_stores.look_at_store"),
    "/vector_stores/{}/file_batches": Kind(
        "vsfb_", "file batch", seen="vector_stores.look_at_batch"
    ),
    "/vector_stores/{}/files": Kind(
        "file-", "file", key="file_id", states=("in_progress", "completed")
    ),
    "/videos": Kind(
        "video_",
        "video",
        states=("queued", "in_progress", "completed"),
        seen="videos.bring_up_to_date",
    ),
    "/videos/characters": Kind("char_", "character"),
    "/webhook_endpoints": Kind("we_", "webhook endpoint"),
}
