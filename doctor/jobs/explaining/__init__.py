"""How the answer of ``explain`` is put together: steps, answers to what is asked, and both in one."""
