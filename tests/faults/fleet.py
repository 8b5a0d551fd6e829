"""A fleet of nodes that an impatient user drives through their lives."""
import http.client
import json
import time

HEADERS = {"X-OpenStack-Ironic-API-Version": "1.90", "Content-Type": "application/json",
           "Accept": "application/json"}

# What each node goes through: the verb, and the state that it ends in.
LIFE = [("active", "active"), ("deleted", "available"), ("manage", "manageable"),
        ("clean", "manageable"), ("provide", "available"), ("active", "active")]
SIMULATED_LIFE = [("active", "active"), ("deleted", "available"), ("active", "active")]
BODIES = {"clean": {"clean_steps": [{"interface": "bios", "step": "factory_reset"}]}}
FIELDS = "uuid,name,provision_state,target_provision_state,last_error,maintenance,reservation"


class Gone(Exception):
    """The server did not answer, or did not say what became of the request."""


class Api:
    """One kept connection to a server that may die at any moment."""

    def __init__(self, server):
        self.server = server
        self.connection = None

    def call(self, method, path, body=None):
        """Status and decoded body; raises Gone when there is no answer."""
        try:
            if not self.connection:
                self.connection = http.client.HTTPConnection("127.0.0.1", self.server.port,
                                                             timeout=60)
            self.connection.request(method, path, json.dumps(body) if body is not None else None,
                                    HEADERS)
            answer = self.connection.getresponse()
            text = answer.read()
            return answer.status, json.loads(text) if text else None
        except (OSError, http.client.HTTPException) as error:
            self.connection = None
            raise Gone(str(error)) from error


class Fleet:
    """The nodes, and how far each has come in its life.

    life    verbs and the states that they end in
    image   what is put into instance_info before each deployment
    """

    def __init__(self, life=LIFE, image=None):
        self.life = life
        self.image = image
        self.done = {}     # uuid -> number of verbs that are over
        self.asked = {}    # uuid -> whether the present verb was accepted
        self.repeats = 0   # verbs asked for again because nobody knew whether they had been accepted

    def adopt(self, api):
        """Takes on all nodes that there are."""
        for node in self.look(api):
            self.done[node["uuid"]] = 0
            self.asked[node["uuid"]] = None

    def enrol(self, api, count):
        """Creates nodes with fake hardware and brings them to available."""
        for name in (f"node-{number}" for number in range(count)):
            status, node = api.call("POST", "/v1/nodes", {"name": name, "driver": "fake-hardware"})
            assert status == 201, node
            self.done[node["uuid"]] = 0
            self.asked[node["uuid"]] = None
        for verb in ("manage", "provide"):
            for uuid in self.done:
                status, answer = api.call("PUT", f"/v1/nodes/{uuid}/states/provision",
                                          {"target": verb})
                assert status == 202, answer
            wanted = "manageable" if verb == "manage" else "available"
            while any(node["provision_state"] != wanted for node in self.look(api)):
                time.sleep(0.05)

    def look(self, api):
        """All nodes as lists show them."""
        nodes, path = [], f"/v1/nodes?fields={FIELDS}&limit=1000"
        while path:
            status, page = api.call("GET", path)
            assert status == 200, page
            nodes += page["nodes"]
            path = page.get("next") and page["next"].split(str(api.server.port), 1)[1]
        return nodes

    def late(self, api):
        """Some of the nodes that have not come to the end of their lives."""
        return [node for node in self.look(api) if self.done[node["uuid"]] < len(self.life)][:3]

    def over(self):
        """Whether every node has had its life."""
        return all(done == len(self.life) for done in self.done.values())

    def advance(self, api):
        """Looks at every node once, and asks for the next verb where the last is over."""
        for node in self.look(api):
            uuid = node["uuid"]
            self.complain(node)
            if node["reservation"] or node["target_provision_state"]:
                continue
            if self.done[uuid] == len(self.life):
                continue
            verb, ends_in = self.life[self.done[uuid]]
            if self.asked[uuid] is not None and node["provision_state"] == ends_in:
                self.done[uuid] += 1
                self.asked[uuid] = None
            elif self.asked[uuid] is not None:
                # Accepted verbs do not get lost; a request without an answer may have been.
                assert self.asked[uuid] == "unknown", f"node {uuid} lost '{verb}'"
                self.repeats += 1
                self.ask(api, uuid, verb)
            if self.asked[uuid] is None and self.done[uuid] < len(self.life):
                self.ask(api, uuid, self.life[self.done[uuid]][0])

    def ask(self, api, uuid, verb):
        """Asks for a verb, and remembers whether it was accepted."""
        if verb == "active" and self.image and not self.give_image(api, uuid):
            return
        try:
            status, answer = api.call("PUT", f"/v1/nodes/{uuid}/states/provision",
                                      {"target": verb, **BODIES.get(verb, {})})
        except Gone:
            self.asked[uuid] = "unknown"
            raise
        if status == 202:
            self.asked[uuid] = "accepted"
        else:
            assert status in (409, 503), f"'{verb}' of node {uuid}: {status} {answer}"

    def give_image(self, api, uuid):
        """Says what is to be deployed; false when the node is locked at the moment."""
        status, answer = api.call("PATCH", f"/v1/nodes/{uuid}", [
            {"op": "add", "path": f"/instance_info/{key}", "value": value}
            for key, value in self.image.items()])
        assert status in (200, 409), answer
        return status == 200

    @staticmethod
    def complain(node):
        """A node that was failed by what only the server went through."""
        assert "failed" not in node["provision_state"] and node["provision_state"] != "error", node
        assert not node["last_error"] and not node["maintenance"], node
