@echo off
rem Install what training needs into .venv, the first time, and run a command of Vistazo, such as:
rem   scripts\train fit my_images --out my_bundle
echo Vistazo: looking for what training needs ... 1>&2
pushd "%~dp0.."
py -3 scripts\environment.py .venv train\requirements.txt
if errorlevel 1 (popd & exit /b 2)
popd
"%~dp0..\.venv\Scripts\python.exe" "%~dp0..\vistazo.py" %*
