// Sessions in the cache: a form signs a user in, and a cookie contains the session id.

import { Failure, Response, cache, config, type Request, type Services } from "hostel-sdk";

const HALF_AN_HOUR = 1800;

interface Session {
  user: string;
  since: string;
}

function login(request: Request): Response {
  const user = request.form("user");
  const password = request.form("password");
  if (user === undefined || password === undefined) {
    throw Failure.badRequest("the form needs a user and a password");
  }
  if (user !== config.require("user") || password !== config.require("password")) {
    throw refused("the user or the password is wrong");
  }
  const id = crypto.randomUUID();
  const session: Session = { user, since: new Date().toISOString() };
  cache.set(`session:${id}`, session, { expiry: HALF_AN_HOUR });
  return Response.redirect("/me").withCookie("session", id, { maxAge: HALF_AN_HOUR });
}
login.description = "Begins a session.";

function me(request: Request): Session {
  const id = request.cookie("session");
  const session = id === undefined ? undefined : cache.get<Session>(`session:${id}`);
  if (session === undefined) throw refused("there is no session: sign in at /login");
  return session;
}
me.description = "Returns the user of the session.";

function logout(request: Request): Response {
  const id = request.cookie("session");
  if (id !== undefined) cache.delete(`session:${id}`);
  return Response.empty().withCookie("session", "", { maxAge: 0 });
}
logout.description = "Ends the session.";

function refused(message: string): Failure {
  return Failure.unauthorized(message).withHeader("WWW-Authenticate", 'Session realm="me"');
}

export default { login, me, logout } satisfies Services;
