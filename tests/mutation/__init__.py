"""`make mutation [ONLY=part]`: does some test fail for each small change of what decides money?

`parts.py` names the modules and the tests that must kill their mutants, `survivors.toml` the
mutants that live and why that is no harm. mutmut's own runner changes functions only; here the
tables and durations of a module are changed as well, by mutmut's operators and a few more.
"""
