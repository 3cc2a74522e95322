@rem `npm start` says `exec node ...`, so that on POSIX no shell stands between npm and the gateway and
@rem swallows its signals. cmd.exe has no exec of its own and finds this one in the package's folder.
@%*
