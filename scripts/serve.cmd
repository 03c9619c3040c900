@echo off
rem Install what serving needs into .venv, the first time, and start the app; arguments go to app.py.
echo Vistazo: looking for what serving needs ... 1>&2
pushd "%~dp0.."
py -3 scripts\environment.py .venv requirements.txt
if errorlevel 1 (popd & exit /b 2)
popd
"%~dp0..\.venv\Scripts\python.exe" "%~dp0..\app.py" %*
