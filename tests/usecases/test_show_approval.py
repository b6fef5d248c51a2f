from tests.fakes.approval_room import ApprovalRoom
class TestX:
    def test_x(self):
        """x"""
        r=ApprovalRoom(); r.ask()
        assert r.get(r.link()).status==200
