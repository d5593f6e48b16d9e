"""A cloud that exists on the loopback interface only.

It knows three calls, checks nobody, gives each request an id, and keeps its own record of it in the
shape of CloudTrail. The account, its people and its keys are fictional.
"""

import itertools
import json
import threading
import uuid
from datetime import datetime, timezone
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlencode
from urllib.request import Request, urlopen

import serving

ACCOUNT = "111122223333"
REGION = "eu-central-1"
# The long-lived key that the agents' host holds.
RUNNER_KEY = "AKIAQRUNNER000000001"
# Deletions, with the parameter that each names its victim by.
DELETIONS = {"DeleteVolume": "VolumeId", "DeleteSnapshot": "SnapshotId"}


class Cloud:
    """The server and its record. `key` is what a caller presents."""

    def __init__(self):
        self.records = []
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)
        self._sessions = {}
        self._address = serving.serve(type("Handler", (_Handler,), {"cloud": self}))

    def call(self, key, action, **parameters):
        """Makes one request as a client would: the answer's body, and the request id of its header."""
        scope = f"{datetime.now(timezone.utc):%Y%m%d}/{REGION}/ec2/aws4_request"
        headers = {"Authorization": f"AWS4-HMAC-SHA256 Credential={key}/{scope}"}
        body = urlencode({"Action": action, **parameters}).encode()
        with urlopen(Request(self._address, body, headers), timeout=serving.SECONDS) as answer:
            return json.load(answer), answer.headers["x-amzn-requestid"]

    def assume(self, role):
        """A role's session for an agent; the access key id."""
        arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
        answer, _ = self.call(RUNNER_KEY, "AssumeRole", RoleArn=arn, RoleSessionName=role)
        return answer["accessKeyId"]

    def write(self, path):
        """Writes what the cloud recorded, one event a line."""
        with self._lock:
            path.write_text("".join(json.dumps(record) + "\n" for record in self.records), encoding="utf-8")

    def serve(self, key, parameters):
        """Does what was asked, and records it; the answer's body and the request's id."""
        with self._lock:
            action = parameters.pop("Action")
            request = str(uuid.uuid4())
            now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
            record = {
                "eventVersion": "1.11",
                "userIdentity": self._identity(key),
                "eventTime": now,
                "eventSource": "ec2.amazonaws.com",
                "eventName": action,
                "awsRegion": REGION,
                "sourceIPAddress": "198.51.100.7",
                "userAgent": "acme-agents/1.4",
                "requestID": request,
                "eventID": str(uuid.uuid4()),
                "readOnly": False,
                "eventType": "AwsApiCall",
                "managementEvent": True,
                "recipientAccountId": ACCOUNT,
                "eventCategory": "Management",
            }
            if action == "AssumeRole":
                answer = self._assume(record, parameters, now)
            else:
                name = DELETIONS[action]
                lower = name[0].lower() + name[1:]
                record["requestParameters"] = {lower: parameters[name]}
                record["responseElements"] = {"requestId": request, "_return": True}
                answer = {"return": True}
            self.records.append(record)
            return answer, request

    def _assume(self, record, parameters, now):
        role, session = parameters["RoleArn"].rsplit("/", 1)[1], parameters["RoleSessionName"]
        number = next(self._numbers)
        key = f"ASIAQAGENTS{number:09}"
        identity = f"AROAQAGENTS{number:09}"
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{session}"
        self._sessions[key] = {
            "type": "AssumedRole",
            "principalId": f"{identity}:{session}",
            "arn": arn,
            "accountId": ACCOUNT,
            "accessKeyId": key,
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role",
                    "principalId": identity,
                    "arn": parameters["RoleArn"],
                    "accountId": ACCOUNT,
                    "userName": role,
                },
                "attributes": {"creationDate": now, "mfaAuthenticated": "false"},
            },
        }
        record["eventSource"] = "sts.amazonaws.com"
        record["readOnly"] = True
        record["requestParameters"] = {"roleArn": parameters["RoleArn"], "roleSessionName": session}
        record["responseElements"] = {
            "credentials": {"accessKeyId": key, "sessionToken": f"FAKE{number:09}"},
            "assumedRoleUser": {"assumedRoleId": f"{identity}:{session}", "arn": arn},
        }
        return {"accessKeyId": key}

    def _identity(self, key):
        if key != RUNNER_KEY:
            return self._sessions[key]
        return {
            "type": "IAMUser",
            "principalId": "AIDAQRUNNER000000001",
            "arn": f"arn:aws:iam::{ACCOUNT}:user/agent-runner",
            "accountId": ACCOUNT,
            "accessKeyId": key,
            "userName": "agent-runner",
        }


class _Handler(serving.Handler, BaseHTTPRequestHandler):
    def do_POST(self):
        key = self.headers["Authorization"].split("Credential=")[1].split("/")[0]
        parameters = {name: values[0] for name, values in parse_qs(self.body().decode()).items()}
        answer, request = self.cloud.serve(key, parameters)
        self.reply(answer, {"x-amzn-requestid": request})
