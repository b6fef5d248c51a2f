"""What Step Functions' part relies on in ministack beyond names and signatures."""

from __future__ import annotations

import inspect

from workbench.local import seams


class TestStepFunctions:
    def test_names_and_shapes(self) -> None:
        """
        An upgrade that moves a name or changes a signature fails here.
        """
        assert list(seams.STATES.differences()) == []

    def test_other_services_look_functions_up_when_they_call_them(self) -> None:
        """
        EventBridge and CloudFormation reach executions and machines through the module.
        """
        from ministack.services import eventbridge  # noqa: PLC0415 - private, beside its only use
        from ministack.services.cloudformation import provisioners  # noqa: PLC0415 - likewise

        assert "_sfn._start_execution(" in inspect.getsource(eventbridge._dispatch_to_stepfunctions)
        assert "_sfn._state_machines[arn] =" in inspect.getsource(provisioners._sfn_state_machine_create)
        assert "_sfn._update_state_machine(" in inspect.getsource(provisioners._sfn_state_machine_update)

    def test_requests_are_dispatched_by_the_module(self) -> None:
        """
        handle_request is looked up in the module for each request, its handlers likewise.
        """
        assert "mod.handle_request(" in inspect.getsource(seams.APP.module._lazy_handler)
        assert '"CreateStateMachine": _create_state_machine' in inspect.getsource(seams.STATES.handle_request)
