// node_modules/preact/dist/preact.mjs
var e, t, n, r, i, a, o, s, c, l, u = Symbol.for("pv"), d = {}, f = [], p = /^m(i|n|o|s|text|space)$/, m = Array.isArray, h = f.slice, g = Object.assign;
function _(e) {
	e && e.parentNode && e.remove();
}
function v(n, r, i, a, o) {
	var s = {
		type: n,
		props: r,
		key: i,
		ref: a,
		__k: null,
		__: null,
		__b: 0,
		__e: null,
		__c: null,
		constructor: u,
		__v: o || ++t,
		__i: -1,
		__u: 0
	};
	return !o && e.vnode && e.vnode(s), s;
}
function y(e) {
	return e.children;
}
function b(e, t) {
	this.props = e, this.context = t, this.__g = 0;
}
function x(e, t) {
	if (t == null) return e.__ && x(e.__, e.__i + 1);
	for (var n; t < e.__k.length; t++) if ((n = e.__k[t]) && n.__e) return n.__e;
	return typeof e.type != "function" || e.props.__P ? null : x(e);
}
function S(t) {
	var n, r = t.__v, i = r.__e, a = [], o = [], s = t.__P;
	s && ((n = g({ constructor: u }, r)).__v = r.__v + 1, e.vnode && e.vnode(n), j(s, n, r, t.__n, s.namespaceURI, 32 & r.__u ? [i] : null, a, i || x(r), 32 & r.__u, o), n.__v = r.__v, n.__.__k[n.__i] = n, M(a, n, o), r.__ = r.__e = null, n.__e != i && C(n));
}
function C(e) {
	if ((e = e.__) && e.__c && !e.props.__P) return e.__e = null, e.__k.some(function(t) {
		return t && (e.__e = t.__e);
	}), C(e);
}
function w(t) {
	(8 & t.__g || (t.__g |= 8, n.push(t), i++)) && r == e.debounceRendering || ((r = e.debounceRendering) || queueMicrotask)(T);
}
function T() {
	try {
		for (var e, t = 1; n.length;) n.length > t && n.sort(a), e = n.shift(), t = n.length, 8 & e.__g && S(e);
	} finally {
		(i = n.length) && (r || queueMicrotask)(T);
	}
}
function ee(e, t, n, r, i, a, o, s, c, l, u) {
	var p, m, h, g, _, v, y = r.__k || f, b = t.length;
	for (c = E(n, t, y, c, b), p = 0; p < b; p++) (h = n.__k[p]) != null && (m = ~h.__i && y[h.__i] || d, h.__i = p, v = j(e, h, m, i, a, o, s, c, l, u), g = h.__e, (m.ref != h.ref || 8 & m.__u) && (m.ref && N(m.ref, null, h, m), h.ref && u.push(h.ref, h.__c || g, h)), _ ||= g, 4 & h.__u ? (c = D(h, c, e, !m.__v), m.__e && (m.__e = null)) : typeof h.type == "function" && v !== void 0 ? c = v : g && (c = g.nextSibling), h.__u &= -21);
	return n.__e = _, c;
}
function E(e, t, n, r, i) {
	var a, o, s, c, l, d, f, p, h, g = n.length, _ = g, b = 0, S = 0, C = e.__k = Array(i);
	for (a = 0; a < i; a++) (o = t[a]) != null && typeof o != "boolean" && typeof o != "function" ? (typeof o != "object" || o.constructor === String ? o = C[a] = v(null, o) : m(o) ? o = C[a] = v(y, { children: o }) : o.constructor === u && o.__b ? o = C[a] = v(o.type, o.props, o.key, o.ref, o.__v) : C[a] = o, c = a + b, o.__ = e, o.__b = e.__b + 1, s = null, ~(l = o.__i = O(o, n, c, _)) && (_--, (s = n[l]) && (s.__u |= 2)), s && s.__v ? (o.__u |= 16, l == c - 1 ? b-- : l == c + 1 ? b++ : l != c && (l > c ? b-- : b++, S = 1)) : (~l || (i > g ? b-- : i < g && b++), typeof o.type != "function" && (o.__u |= 4))) : C[a] = null;
	if (S) {
		for (d = [], f = [], a = 0; a < i; a++) if ((o = C[a]) && 16 & o.__u) {
			for (b = 0, p = d.length; b < p;) d[h = b + p >> 1] < o.__i ? b = h + 1 : p = h;
			d[b] = o.__i, f[a] = b + 1;
		}
		for (b = d.length; a--;) f[a] && (f[a] == b ? b-- : C[a].__u |= 4);
	}
	if (_) for (a = 0; a < g; a++) !(s = n[a]) || 2 & s.__u || (s.__e == r && (r = x(s)), ae(s, s));
	return r;
}
function D(e, t, n, r) {
	var i, a, o, s;
	if (typeof e.type == "function") {
		if (e.props.__P) return t;
		if (i = e.__k) for (a = 0; a < i.length; a++) i[a] && (i[a].__ = e, t = D(i[a], t, n, !1));
		return t;
	}
	for (t && !t.parentNode && (t = x(e)) && !t.parentNode && (t = null), o = e.__e, s = t; s && s.nodeType == 8;) s = s.nextSibling;
	for (o != s && (!r && n.moveBefore && o.parentNode ? n.moveBefore(o, t) : n.insertBefore(o, t || null)), t = o; (t &&= t.nextSibling) && t.nodeType == 8 && !t.data.startsWith("$s"););
	return t;
}
function O(e, t, n, r) {
	var i, a = e.key, o = e.type, s = t[n], c = s && !(2 & s.__u);
	if (s === null && a == null || c && a == s.key && o == s.type) return n;
	if (r > +!!c) {
		for (i = n - 1; i >= 0; i--) if ((s = t[i]) && !(2 & s.__u) && a == s.key && o == s.type) return i;
		for (i = n + 1; i < t.length; i++) if ((s = t[i]) && !(2 & s.__u) && a == s.key && o == s.type) return i;
	}
	return -1;
}
function k(e, t, n) {
	n ??= "", t[0] == "-" ? e.setProperty(t, n) : e[t] = n;
}
function A(e, t, n, r, i) {
	var a, o;
	if (t == "style") {
		if (typeof n == "string") e.style.cssText = n;
		else {
			if (typeof r == "string" && (e.style.cssText = r = ""), r) for (t in r) n && t in n || k(e.style, t);
			if (n) for (t in n) r && n[t] == r[t] || k(e.style, t, n[t]);
		}
	} else if (t[0] == "o" && t[1] == "n") typeof n != "function" && (n = null), typeof r != "function" && (r = null), (e.__e ||= {})[t] = n, n && r || (o = l[t] || (l[t] = te(t)), (e.__a ||= {})[t] = c, a = t != (t = t.replace(s, "$1")), (t = t.slice(2))[0] < "a" && (t = t.toLowerCase()), n ? e.addEventListener(t, o, a) : e.removeEventListener(t, o, a));
	else {
		if (i == "http://www.w3.org/2000/svg") t = t.replace(/xlink(H|:h)/, "h").replace(/sName$/, "s");
		else if (t != "width" && t != "height" && t != "href" && t != "list" && t != "form" && t != "tabIndex" && t != "download" && t != "rowSpan" && t != "colSpan" && t != "role" && t != "popover" && t in e) try {
			e[t] = n ?? "";
			return;
		} catch {}
		if (typeof n == "function") return;
		n == null || !1 === n && t[4] != "-" ? e.removeAttribute(t) : e.setAttribute(t, t == "popover" && n == 1 ? "" : n);
	}
}
function te(t) {
	return function(n) {
		var r = this.__e;
		if (r) {
			if (r = r[t], n[o] == null) n[o] = c++;
			else if (n[o] < this.__a[t]) return;
			return r(e.event ? e.event(n) : n);
		}
	};
}
function j(t, n, r, i, a, o, s, c, l, d) {
	var p, h, v, S, C, w, T, E, D, O, k, A, te, j, M, N, P, F, I = n.type;
	if (n.constructor !== u) return null;
	128 & r.__u && (l = 32 & r.__u, p = r.__c.__z) && (n.__u |= l, h = o = [], p.nodeType == 8 ? c = ne(p, o) : o.push(p), c = o[0] || c), (p = e.__b) && p(n);
	n: if (typeof I == "function") {
		v = s.length;
		try {
			if (E = n.props, D = (p = I.prototype) && p.render, O = (p = I.contextType) && i[p.__c], k = p ? O ? O.props.value : p.__ : i, (S = r.__c) ? (n.__c = S, 2 & S.__g && (S.__g |= 1)) : (D ? n.__c = S = new I(E, k) : (n.__c = S = new b(E, k), S.constructor = I, S.render = oe), O && O.sub(S), S.state || (S.state = {}), S.__n = i, S.__g |= 8, S.__h = [], S.__k = []), D && (S.__s || (S.__s = S.state), I.getDerivedStateFromProps && (S.__s == S.state && (S.__s = g({}, S.__s)), g(S.__s, I.getDerivedStateFromProps(E, S.__s)))), C = S.props, w = S.state, S.__v = n, r.__c) {
				if (E !== C && D && !I.getDerivedStateFromProps && S.componentWillReceiveProps && S.componentWillReceiveProps(E, k), n.__v == r.__v && !(8 & S.__g) || !(4 & S.__g) && S.shouldComponentUpdate && !1 === S.shouldComponentUpdate(E, S.__s, k)) {
					n.__v != r.__v && (S.props = E, S.state = S.__s, S.__g &= -9), n.__e = r.__e, n.__k = r.__k, n.__k.some(function(e) {
						e && (e.__ = n);
					}), f.push.apply(S.__h, S.__k), S.__k = [], S.__h.length && s.push(S), c = x(r);
					break n;
				}
				S.componentWillUpdate && S.componentWillUpdate(E, S.__s, k), D && S.componentDidUpdate && S.__h.push(function() {
					S.componentDidUpdate(C, w, T);
				});
			} else D && !I.getDerivedStateFromProps && S.componentWillMount && S.componentWillMount(), D && S.componentDidMount && S.__h.push(S.componentDidMount);
			S.context = k, S.props = E, S.__P = t, S.__g &= -5, A = e.__r, te = D ? 25 : 0;
			do
				S.__g &= -9, A && A(n), p = S.render(S.props, S.state = S.__s, S.context);
			while (8 & S.__g && ++te < 25);
			D && (f.push.apply(S.__h, S.__k), S.__k = []), S.state = S.__s, S.getChildContext && (i = g({}, i, S.getChildContext())), D && r.__c && S.getSnapshotBeforeUpdate && (T = S.getSnapshotBeforeUpdate(C, w)), j = p && p.type === y && p.key == null ? p.props.children : p, E.__P && (p = c, a = (t = E.__P).namespaceURI, l = o = null, r.props && r.props.__P != t && (r.__k.some(function(e) {
				e && ae(e, e);
			}), r.__k = null), c = r.__k ? x(r, 0) : null), c = ee(t, m(j) ? j : [j], n, r, i, a, o, s, c, l, d), E.__P && (n.__e = null, c = p), n.__u &= -161, h && h.some(_), S.__h.length && s.push(S), 1 & S.__g && (S.__g &= -4);
		} catch (t) {
			if (s.length = v, n.__v = null, l || o) {
				if (t && t.then) {
					if (n.__u |= 128 | l, o) {
						for (~(P = o.indexOf(c || void 0)) || (P = o.length); (F = o[P - 1]) && F.nodeType == 8;) P--;
						for (; P < o.length; P++) if (F = o[P]) {
							if (o[P] = null, M) {
								if (F == N) break;
							} else {
								if (F.nodeType != 8) break;
								F.data.startsWith("$s") && (N = ne(M = F));
							}
						}
					}
					if (!M) {
						for (; c && c.nodeType == 8 && c.nextSibling;) c = c.nextSibling;
						M = c;
					}
					(p = ne(M = n.__c.__z || (n.__c.__z = M))) ? (n.__e = M, c = p) : n.__e = c, c &&= c.nextSibling;
				} else o && o.some(_);
			} else n.__e = r.__e;
			n.__k ||= r.__k || [], t && t.then || re(n), e.__e(t, n, r);
		}
	} else c = n.__e = ie(r.__e, n, r, i, a, o, s, l, d, t);
	return (p = e.diffed) && p(n), c;
}
function ne(e, t) {
	if (e && e.nodeType == 8 && e.data.startsWith("$s")) for (var n = 1; e = e.nextSibling;) {
		if (e.nodeType == 8) {
			if (e.data.startsWith("$s")) n++;
			else if (e.data.startsWith("/$s") && !--n) return e;
		}
		t && t.push(e);
	}
}
function re(e) {
	e && (e.__c && (e.__c.__g |= 4), e.__k && e.__k.some(re));
}
function M(t, n, r) {
	for (var i = 0; i < r.length;) N(r[i++], r[i++], r[i++]);
	e.__c && e.__c(n, t), t.some(function(n) {
		try {
			t = n.__h, n.__h = [], t.some(function(e) {
				e.call(n);
			});
		} catch (t) {
			e.__e(t, n.__v);
		}
	});
}
function ie(t, n, r, i, a, o, s, c, l, u) {
	var f, g, v, y, b, S, C, w, T = r.props || d, E = n.props, D = n.type;
	if (D == "svg" ? a = "http://www.w3.org/2000/svg" : D == "math" ? a = "http://www.w3.org/1998/Math/MathML" : a ||= "http://www.w3.org/1999/xhtml", o) {
		for (f = 0; f < o.length; f++) if ((b = o[f]) && (D ? b.localName == D : b.nodeType == 3)) {
			t = b, o[f] = null;
			break;
		}
	}
	if (!t) {
		if (w = u.ownerDocument || document, !D) return w.createTextNode(E);
		t = w.createElementNS(a, D, E.is ? E : u), c &&= (e.__m && e.__m(n, o), !1), o = null;
	}
	if (D) {
		if (u = D == "template" && t.content || t, o = D == "textarea" && E.defaultValue != null ? null : o && h.call(u.childNodes), !c && o) for (T = {}, f = 0; f < t.attributes.length; f++) T[(b = t.attributes[f]).name] = b.value;
		for (f in T) b = T[f], f == "dangerouslySetInnerHTML" ? v = b : f == "children" || f in E || f == "value" && "defaultValue" in E || f == "checked" && "defaultChecked" in E || A(t, f, null, b, a);
		for (f in E) b = E[f], f == "children" ? y = b : f == "dangerouslySetInnerHTML" ? g = b : f == "value" ? S = b : f == "checked" ? C = b : c && typeof b != "function" || T[f] === b || A(t, f, b, T[f], a);
		g ? (c || v && (g.__html == v.__html || g.__html == t.innerHTML) || (t.innerHTML = g.__html), n.__k = []) : (v && (t.textContent = ""), (D == "foreignObject" || a == "http://www.w3.org/1998/Math/MathML" && p.test(D)) && (a = "http://www.w3.org/1999/xhtml"), ee(u, m(y) ? y : [y], n, r, i, a, o, s, o ? o[0] : r.__k && x(r, 0), c, l), o && o.some(_)), c && D != "textarea" || (f = "value", D == "progress" && S == null ? t.removeAttribute(f) : S == null || S === t[f] && (D != "progress" || S) || A(t, f, S, T[f], a), f = "checked", C != null && C != t[f] && A(t, f, C, T[f], a));
	} else T === E || c && t.data == E || (t.data = E);
	return t;
}
function N(t, n, r, i) {
	try {
		typeof t == "function" ? n ? n.__x = t(n) || 1 : (i &&= i.__c || i.__e) && (n = i.__x) && (i.__x = null, typeof n == "function" ? n() : t(null)) : t.current = n;
	} catch (t) {
		e.__e(t, r);
	}
}
function ae(t, n, r) {
	var i, a, o, s;
	if (e.unmount && e.unmount(t), !(i = t.ref) || i.current && i.current != t.__e || N(i, null, n, t), i = t.__c) {
		if (i.componentWillUnmount) try {
			i.componentWillUnmount();
		} catch (t) {
			e.__e(t, n);
		}
		i.__P = i.__n = null;
	}
	if (i = t.__k) for (s = 0; s < i.length; s++) i[s] && ae(i[s], n, typeof t.type != "function" || r && !t.props.__P);
	!r && (i = t.__c) && (i = i.__z) && (a = ne(i, o = [])) && (i == t.__e && o.some(_), _(a), _(i)), r || _(t.__e), t.__e = t.__c = t.__ = null;
}
function oe(e, t, n) {
	return this.constructor(e, n);
}
function P(t, n) {
	var r, i, a, o;
	e.__ && e.__(t, n), n.nodeType == 9 && (n = n.documentElement), i = (r = t && 32 & t.__u) ? null : n.__k, n.__k = v(y, { children: [t] }), a = [], o = [], j(n, n.__k, i || d, d, n.namespaceURI, i ? null : n.firstChild ? h.call(n.childNodes) : null, a, i ? i.__e : n.firstChild, r, o), M(a, n.__k, o), n.__k.props.children = null;
}
e = { __e: function(e, t, n, r) {
	for (var a, o, s; t = t.__;) if ((a = t.__c) && !(1 & a.__g)) {
		a.__g |= 4;
		try {
			if ((s = (o = a.constructor) && o.getDerivedStateFromError) && a.setState(o.getDerivedStateFromError(e)), a.componentDidCatch && (a.componentDidCatch(e, r || {}), s = 1), s && 8 & a.__g) return void (a.__g |= 2);
		} catch (t) {
			e = t;
		}
	}
	throw i = 0, e;
} }, t = 0, b.prototype.setState = function(e, t) {
	var n = this.__s;
	n && n != this.state || (n = this.__s = g({}, this.state)), typeof e == "function" && (e = e(g({}, n), this.props)), e && (g(n, e), this.__v && (t && this.__k.push(t), w(this)));
}, b.prototype.forceUpdate = function(e) {
	this.__v && (this.__g |= 4, e && this.__h.push(e), w(this));
}, b.prototype.render = y, n = [], i = 0, a = function(e, t) {
	return e.__v.__b - t.__v.__b;
}, o = Symbol(), s = /(PointerCapture)$|Capture$/i, c = 0, l = {};
// node_modules/preact/hooks/dist/hooks.mjs
var F, I, se, ce, le = Object.is, L = 0, ue = [], de = [], R = e, fe = R.__b, pe = R.__r, me = R.diffed, he = R.__c, ge = R.unmount, _e = R.__;
function z(e, t) {
	R.__h && R.__h(I, e, L || t), L = 0;
	var n = I.__H || (I.__H = {
		__: [],
		__h: []
	});
	return e >= n.__.length && n.__.push({}), n.__[e];
}
function B(e) {
	return L = 1, ve(Oe, e);
}
function ve(e, t, n) {
	var r = z(F++, 2);
	if (r.t = e, !r.__c && (r.__ = [n ? n(t) : Oe(void 0, t), function(e) {
		var t = (r.__N || r.__)[0], n = r.t(t, e);
		le(t, n) || (r.__N = [n, r.__[1]], r.__c.setState({}));
	}], r.__c = I, !I.__f)) {
		I.__f = !0;
		var i = I.shouldComponentUpdate;
		I.shouldComponentUpdate = function(e, t, n) {
			var r = this.__H;
			if (!r) return !0;
			var a = !1, o = this.props != e;
			if (r.__.some(function(e) {
				e.__N && (a = !0, le(e.__[0], e.__N[0]) || (o = !0));
			}), i) {
				var s = i.call(this, e, t, n);
				return a ? s || o : s;
			}
			return !a || o;
		};
	}
	return r.__;
}
function ye(e, t) {
	var n = z(F++, 3);
	!R.__s && De(n.__H, t) && (n.__P = !0, n.__ = e, n.u = t, I.__H.__h.push(n));
}
function be(e, t) {
	var n = z(F++, 4);
	!R.__s && De(n.__H, t) && (n.__P = !1, n.__ = e, n.u = t, I.__h.push(n));
}
function V(e) {
	return L = 5, xe(function() {
		return { current: e };
	}, []);
}
function xe(e, t) {
	var n = z(F++, 7);
	return De(n.__H, t) && (n.__ = e(), n.__H = t), n.__;
}
function Se() {
	var e;
	do {
		for (; e = de.shift();) try {
			H(e);
		} catch (t) {
			R.__e(t, { __: (e = e.__P) && e.__v });
		}
		for (; e = ue.shift();) {
			var t = e.__H;
			if (e.__P && t) try {
				t.__h.some(H), t.__h.some(Ee), t.__h = [];
			} catch (n) {
				t.__h = [], R.__e(n, e.__v);
			}
		}
	} while (de.length);
}
R.__b = function(e) {
	I = null, fe && fe(e);
}, R.__ = function(e, t) {
	e && t.__k && t.__k.__m && (e.__m = t.__k.__m), _e && _e(e, t);
}, R.__r = function(e) {
	pe && pe(e), F = 0;
	var t = (I = e.__c).__H;
	t && (se == I ? I.__h = [] : (t.__h.some(H), t.__h.some(Ee), F = 0), t.__h = [], t.__.some(function(e) {
		e.__N && (e.__ = e.__N), e.u = e.__N = void 0;
	})), se = I;
}, R.diffed = function(e) {
	me && me(e);
	var t = e.__c;
	t && t.__H && (t.__H.__h.length && Te(ue.push(t)), t.__H.__.some(function(e) {
		e.u && (e.__H = e.u);
	})), se = I = null;
}, R.__c = function(e, t) {
	t.some(function(e) {
		try {
			e.__h.some(H), e.__h = e.__h.filter(function(e) {
				return !e.__ || Ee(e);
			});
		} catch (t) {
			e.__h = [function() {
				throw t;
			}];
		}
	}), he && he(e, t);
}, R.unmount = function(e) {
	ge && ge(e);
	var t, n, r = e.__c;
	r && r.__H && (r.__H.__.some(function(r) {
		try {
			if (r.__P && r.__c) {
				if (n === void 0) {
					for (n = e.__; n && (!n.__c || !n.__c.__P);) n = n.__;
					n &&= n.__c;
				}
				r.__P = n, Te(de.push(r));
			} else H(r);
		} catch (e) {
			t = e;
		}
	}), r.__H = void 0, t && R.__e(t, r.__v));
};
var Ce = typeof requestAnimationFrame == "function";
function we(e) {
	var t, n = function() {
		clearTimeout(r), Ce && cancelAnimationFrame(t), setTimeout(e);
	}, r = setTimeout(n, 35);
	Ce && (t = requestAnimationFrame(n));
}
function Te(e) {
	e != 1 && ce == R.requestAnimationFrame || ((ce = R.requestAnimationFrame) || we)(Se);
}
function H(e) {
	var t = I, n = e.__c;
	typeof n == "function" && (e.__c = void 0, n()), I = t;
}
function Ee(e) {
	var t = I;
	e.__c = e.__(), I = t;
}
function De(e, t) {
	return !e || e.length != t.length || t.some(function(t, n) {
		return !le(t, e[n]);
	});
}
function Oe(e, t) {
	return typeof t == "function" ? t(e) : t;
}
// node_modules/preact/jsx-runtime/dist/jsxRuntime.mjs
var ke = Symbol.for("pv"), Ae = 0;
Array.isArray;
function U(t, n, r, i, a, o) {
	n ||= {};
	var s, c, l = n;
	if ("ref" in l && typeof t != "function") for (c in l = {}, n) c == "ref" ? s = n[c] : l[c] = n[c];
	var u = {
		type: t,
		props: l,
		key: r,
		ref: s,
		__k: null,
		__: null,
		__b: 0,
		__e: null,
		__c: null,
		constructor: ke,
		__v: --Ae,
		__i: -1,
		__u: 0
	};
	return (a || o) && (u.__source = a, u.__self = o), e.vnode && e.vnode(u), u;
}
// src/play/slider.tsx
function je({ label: e, note: t, value: n, min: r, max: i, step: a, show: o = String, onChange: s }) {
	return /* @__PURE__ */ U("label", {
		class: "slider",
		children: [/* @__PURE__ */ U("span", {
			class: "row spread",
			children: [/* @__PURE__ */ U("span", { children: [
				e,
				" ",
				t && /* @__PURE__ */ U("small", { children: t })
			] }), /* @__PURE__ */ U("span", {
				class: "value",
				children: o(n)
			})]
		}), /* @__PURE__ */ U("input", {
			type: "range",
			"aria-label": e,
			min: r,
			max: i,
			step: a,
			value: n,
			"aria-valuetext": o(n),
			onInput: (e) => s(e.currentTarget.valueAsNumber)
		})]
	});
}
var Me = (e) => e > 0 ? `+${e.toFixed(1)}` : e < 0 ? `−${(-e).toFixed(1)}` : "0", W = (1n << 64n) - 1n, Ne = [
	7640891576956012808n,
	13503953896175478587n,
	4354685564936845355n,
	11912009170470909681n,
	5840696475078001361n,
	11170449401992604703n,
	2270897969802886507n,
	6620516959819538809n
], Pe = [
	[
		0,
		1,
		2,
		3,
		4,
		5,
		6,
		7,
		8,
		9,
		10,
		11,
		12,
		13,
		14,
		15
	],
	[
		14,
		10,
		4,
		8,
		9,
		15,
		13,
		6,
		1,
		12,
		0,
		2,
		11,
		7,
		5,
		3
	],
	[
		11,
		8,
		12,
		0,
		5,
		2,
		15,
		13,
		10,
		14,
		3,
		6,
		7,
		1,
		9,
		4
	],
	[
		7,
		9,
		3,
		1,
		13,
		12,
		11,
		14,
		2,
		6,
		5,
		10,
		4,
		0,
		15,
		8
	],
	[
		9,
		0,
		5,
		7,
		2,
		4,
		10,
		15,
		14,
		1,
		11,
		12,
		6,
		8,
		3,
		13
	],
	[
		2,
		12,
		6,
		10,
		0,
		11,
		8,
		3,
		4,
		13,
		7,
		5,
		15,
		14,
		1,
		9
	],
	[
		12,
		5,
		1,
		15,
		14,
		13,
		4,
		10,
		0,
		7,
		6,
		3,
		9,
		2,
		8,
		11
	],
	[
		13,
		11,
		7,
		14,
		12,
		1,
		3,
		9,
		5,
		0,
		15,
		4,
		8,
		6,
		2,
		10
	],
	[
		6,
		15,
		14,
		9,
		11,
		3,
		0,
		8,
		12,
		2,
		13,
		7,
		1,
		4,
		10,
		5
	],
	[
		10,
		2,
		8,
		4,
		7,
		6,
		1,
		5,
		15,
		11,
		9,
		14,
		3,
		12,
		13,
		0
	]
], Fe = [
	[
		0,
		4,
		8,
		12
	],
	[
		1,
		5,
		9,
		13
	],
	[
		2,
		6,
		10,
		14
	],
	[
		3,
		7,
		11,
		15
	],
	[
		0,
		5,
		10,
		15
	],
	[
		1,
		6,
		11,
		12
	],
	[
		2,
		7,
		8,
		13
	],
	[
		3,
		4,
		9,
		14
	]
], G = (e, t) => e >> t | e << 64n - t & W;
function Ie(e) {
	let t = /* @__PURE__ */ new Uint8Array(128), n = new TextEncoder().encode(e);
	if (n.length > 128) throw RangeError("one block alone");
	t.set(n);
	let r = new DataView(t.buffer), i = Array.from({ length: 16 }, (e, t) => r.getBigUint64(8 * t, !0)), a = Ne[0] ^ 16842760n, o = [
		a,
		...Ne.slice(1),
		...Ne
	];
	o[12] ^= BigInt(n.length), o[14] ^= W;
	for (let e = 0; e < 12; e++) {
		let t = Pe[e % 10];
		Fe.forEach(([e, n, r, a], s) => {
			o[e] = o[e] + o[n] + i[t[2 * s]] & W, o[a] = G(o[a] ^ o[e], 32n), o[r] = o[r] + o[a] & W, o[n] = G(o[n] ^ o[r], 24n), o[e] = o[e] + o[n] + i[t[2 * s + 1]] & W, o[a] = G(o[a] ^ o[e], 16n), o[r] = o[r] + o[a] & W, o[n] = G(o[n] ^ o[r], 63n);
		});
	}
	return a ^ o[0] ^ o[8];
}
var Le = (e, t, n) => Number(Ie(`(${e}, '${t}', ${n})`) >> 1n & 4294967295n);
function Re(e, t) {
	let n = /* @__PURE__ */ new Uint32Array(624);
	n[0] = e;
	for (let e = 1; e < 624; e++) {
		let t = n[e - 1] ^ n[e - 1] >>> 30;
		n[e] = Math.imul(1812433253, t) + e;
	}
	let r = new Uint32Array(t);
	for (let e = 0; e < t; e++) {
		let t = e % 624, i = n[t] & 2147483648 | n[(t + 1) % 624] & 2147483647, a = n[t] = n[(t + 397) % 624] ^ i >>> 1 ^ (i & 1 ? 2567483615 : 0);
		a ^= a >>> 11, a ^= a << 7 & 2636928640, a ^= a << 15 & 4022730752, r[e] = a ^ a >>> 18;
	}
	return r;
}
var ze = (e, t) => Float32Array.from(Re(e, t), (e) => (e & 16777215) * 2 ** -24), Be = (e, t) => Re(e, 1)[0] % t, Ve = (e, t) => ze(e, t).map((e) => e * 2 - 1), K = 16, He = Math.fround(2 * Math.PI);
function Ue(e, t) {
	let n = new Float32Array(t);
	if (t < K) {
		let r = Re(e, 4 * Math.ceil(t / 2)), i = (e) => ((r[e] & 2097151) * 2 ** 32 + r[e + 1]) * 2 ** -53;
		for (let e = 0; e < t; e += 2) {
			let r = Math.sqrt(-2 * Math.log1p(-i(2 * e + 2))), a = 2 * Math.PI * i(2 * e);
			n[e] = r * Math.cos(a), e + 1 < t && (n[e + 1] = r * Math.sin(a));
		}
		return n;
	}
	let r = t % K, i = ze(e, t + (r ? K : 0));
	for (let e = 0; e + K <= t; e += K) We(i, e, n, e);
	return r && We(i, t, n, t - K), n;
}
function We(e, t, n, r) {
	for (let i = 0; i < K / 2; i++) {
		let a = Math.sqrt(-2 * Math.log1p(-e[t + i])), o = Math.fround(He * e[t + 8 + i]);
		n[r + i] = a * Math.cos(o), n[r + 8 + i] = a * Math.sin(o);
	}
}
// src/visitor/codes.ts
var Ge = 1 - 2 ** -24;
function Ke(e, t, n, r) {
	return (r === "uniform" ? Ve : Ue)(Le(e, "sample", t), n);
}
var qe = (e, t, n) => Be(Le(e, "class", t), n), Je = (e, t) => e.map((e) => e * Math.fround(t));
function Ye(e) {
	if (Math.abs(e) > 6) return Math.sign(e);
	let t = e, n = e;
	for (let r = 1; Math.abs(t) > 1e-17 * Math.abs(n); r++) n += t *= 2 * e * e / (2 * r + 1);
	return 2 / Math.sqrt(Math.PI) * Math.exp(-e * e) * n;
}
function Xe(e) {
	if (e === 0) return 0;
	let t = Math.log1p(-e * e), n = 2 / (Math.PI * .147) + t / 2, r = Math.sign(e) * Math.sqrt(Math.sqrt(n * n - t / .147) - n);
	for (let t = 0; t < 3; t++) {
		let t = (Ye(r) - e) / (2 / Math.sqrt(Math.PI) * Math.exp(-r * r));
		r -= t / (1 + r * t);
	}
	return r;
}
function q(e, t) {
	return t === "normal" ? Float64Array.from(e) : Float64Array.from(e, (e) => Xe(Math.min(Ge, Math.max(-Ge, e))) * Math.SQRT2);
}
function Ze(e, t) {
	return Float32Array.from(t === "normal" ? e : e.map((e) => Ye(e / Math.SQRT2)));
}
function Qe(e, t, n) {
	if (!t.some((e) => e.amount)) return e;
	let r = q(e, n);
	for (let { vector: e, amount: n } of t) e.forEach((e, t) => r[t] += n * e);
	return Ze(r, n);
}
var $e = (e) => Math.sqrt(e.reduce((e, t) => e + t * t, 0));
function et(e, t, n, r) {
	let [i, a] = [q(e, r), q(t, r)], [o, s] = [$e(i), $e(a)], c = i.reduce((e, t, n) => e + t / o * (a[n] / s), 0), l = Math.acos(Math.min(1, Math.max(-1, c))), u = Math.sin(l), [d, f] = u > 1e-6 ? [Math.sin((1 - n) * l) / u, Math.sin(n * l) / u] : [1 - n, n], p = o + (s - o) * n;
	return Ze(i.map((e, t) => p * (d * e / o + f * a[t] / s)), r);
}
function tt(e, t, n, r) {
	let [i, a, o, s] = e;
	return et(et(i, a, t, r), et(o, s, t, r), n, r);
}
function nt(e, t, n) {
	let r = e.length, i = t * r, a = r % 2 == 0, o = a ? (r - 1 + Math.cos(Math.PI * i) ** 2) / r : 1, s = new Float64Array(e[0].length);
	return e.forEach((e, t) => {
		let c = 1;
		for (let e = 1; e <= r - 1 >> 1; e++) c += 2 * Math.cos(2 * Math.PI / r * (i - t) * e);
		a && (c = (c + Math.cos(Math.PI * (i - t))) / Math.sqrt(o)), q(e, n).forEach((e, t) => s[t] += c / r * e);
	}), Ze(s, n);
}
// src/visitor/desk.ts
function rt(e, { seed: t, truncation: n, label: r }, i) {
	let a = Je(Ke(t, i, e.size, e.prior), n), o = e.classes.length ? qe(t, i, e.classes.length) : 0;
	return {
		code: a,
		label: r < 0 ? o : r
	};
}
function it(e) {
	let t = /* @__PURE__ */ new Map();
	return (n) => (t.has(n) || t.set(n, e(n)), t.get(n));
}
function J(e, t) {
	let n = V({
		busy: !1,
		next: null,
		ended: !1
	});
	ye(() => () => void (n.current.ended = !0), []), be(() => {
		let t = n.current, r = async (e) => {
			t.busy = !0, await e().catch(console.error), t.busy = !1;
			let { next: n } = t;
			t.next = null, n && !t.ended && r(n);
		};
		t.busy ? t.next = e : r(e);
	}, t);
}
var at = (e, t) => e.classes.length ? `, ${e.classes[t]}` : "";
async function Y(e, t) {
	let n = performance.now(), r = await t();
	return performance.measure(e, {
		start: n,
		end: performance.now()
	}), r;
}
// src/visitor/pixels.ts
function ot(e, t, n, r, i) {
	let a = r * i;
	return Array.from({ length: t }, (t, o) => {
		let s = new Uint8Array(a * n);
		for (let t = 0; t < n; t++) {
			let r = (o * n + t) * a;
			for (let i = 0; i < a; i++) s[i * n + t] = e[r + i];
		}
		return {
			data: s,
			width: i,
			height: r,
			channels: n
		};
	});
}
var X = 2;
function st(e, t) {
	let { width: n, height: r, channels: i } = e[0], a = Math.ceil(e.length / t), o = t * (n + X) - X, s = a * (r + X) - X, c = new Uint8Array(o * s * 3).fill(255);
	return e.forEach((e, a) => {
		let s = Math.floor(a / t) * (r + X), l = a % t * (n + X);
		for (let t = 0; t < r; t++) for (let r = 0; r < n; r++) for (let a = 0; a < 3; a++) c[((s + t) * o + l + r) * 3 + a] = e.data[(t * n + r) * i + (i === 3 ? a : 0)];
	}), {
		data: c,
		width: o,
		height: s,
		channels: 3
	};
}
function Z(e, { data: t, width: n, height: r, channels: i }) {
	e.width = n, e.height = r;
	let a = e.getContext("2d"), o = a.createImageData(n, r);
	for (let e = 0; e < n * r; e++) {
		for (let n = 0; n < 3; n++) o.data[4 * e + n] = t[e * i + (i === 3 ? n : 0)];
		o.data[4 * e + 3] = 255;
	}
	a.putImageData(o, 0, 0);
}
// src/play/save.ts
function ct(e, t) {
	let n = document.createElement("a");
	n.href = URL.createObjectURL(e), n.download = t, n.click(), setTimeout(() => URL.revokeObjectURL(n.href), 6e4);
}
// src/visitor/mark.ts
var Q = 8, lt = 8, ut = [
	[0, 1],
	[1, 0],
	[1, 1],
	[0, 2],
	[2, 0]
], $ = 28, dt = .25, ft = 12, pt = 1e-9, mt = (e, t) => Math.sqrt((e ? 2 : 1) / Q) * Math.cos(Math.PI * (2 * t + 1) * e / 16), ht = ut.map(([e, t]) => Float64Array.from({ length: 64 }, (n, r) => mt(e, Math.floor(r / Q)) * mt(t, r % Q)));
function gt(e) {
	let t = Math.round(e);
	return t - e === .5 && t % 2 ? t - 1 : t;
}
var _t = (e, t) => e - t * Math.floor(e / t);
function vt({ data: e, width: t, height: n, channels: r }, i) {
	if (Math.min(t, n) < 64) return {
		data: e,
		width: t,
		height: n,
		channels: r
	};
	let a = e.slice(), o = /* @__PURE__ */ new Float64Array(64);
	for (let s = 0; s < Math.floor(n / Q); s++) for (let n = 0; n < Math.floor(t / Q); n++) {
		let c = (e) => ((s * Q + Math.floor(e / Q)) * t + n * Q + e % Q) * r;
		for (let t = 0; t < o.length; t++) {
			let n = c(t);
			o[t] = r === 3 ? .299 * e[n] + .587 * e[n + 1] + .114 * e[n + 2] : e[n];
		}
		let l = o.reduce((e, t) => e + t, 0) / o.length, u = Math.sqrt(o.reduce((e, t) => e + (t - l) ** 2, 0) / o.length);
		if (u < pt) continue;
		let d = Math.min(1, Math.max(dt, dt + .75 * u / ft)), f = new Float64Array(o.length);
		ht.forEach((e, t) => {
			let r = o.reduce((t, n, r) => t + n * e[r], 0), a = i[(s % lt * lt + n % lt) * ut.length + t], c = _t(a * $ / (2 * Math.PI) - r + $ / 2, $) - $ / 2;
			e.forEach((e, t) => f[t] += d * c * e);
		});
		for (let t = 0; t < o.length; t++) for (let n = 0; n < r; n++) a[c(t) + n] = Math.min(255, Math.max(0, gt(e[c(t) + n] + f[t])));
	}
	return {
		data: a,
		width: t,
		height: n,
		channels: r
	};
}
// src/visitor/png.ts
var yt = Uint32Array.from({ length: 256 }, (e, t) => {
	let n = t;
	for (let e = 0; e < 8; e++) n = n & 1 ? 3988292384 ^ n >>> 1 : n >>> 1;
	return n;
});
function bt(e) {
	let t = 4294967295;
	for (let n of e) t = yt[(t ^ n) & 255] ^ t >>> 8;
	return (t ^ 4294967295) >>> 0;
}
function xt(e, t) {
	let n = new Uint8Array(t.length + 12), r = new DataView(n.buffer);
	return r.setUint32(0, t.length), n.set(new TextEncoder().encode(e), 4), n.set(t, 8), r.setUint32(t.length + 8, bt(n.subarray(4, t.length + 8))), n;
}
async function St(e) {
	let t = new Blob([e]).stream().pipeThrough(new CompressionStream("deflate"));
	return new Uint8Array(await new Response(t).arrayBuffer());
}
async function Ct({ data: e, width: t, height: n, channels: r }, i) {
	let a = /* @__PURE__ */ new Uint8Array(13), o = new DataView(a.buffer);
	o.setUint32(0, t), o.setUint32(4, n), a.set([
		8,
		r === 3 ? 2 : 0,
		0,
		0,
		0
	], 8);
	let s = t * r, c = new Uint8Array((s + 1) * n);
	for (let t = 0; t < n; t++) c.set(e.subarray(t * s, (t + 1) * s), t * (s + 1) + 1);
	let l = new TextEncoder().encode(`XML:com.adobe.xmp\0\0\0\0\0${i}`), u = new Uint8Array([
		137,
		80,
		78,
		71,
		13,
		10,
		26,
		10
	]), d = [
		xt("IHDR", a),
		xt("iTXt", l),
		xt("IDAT", await St(c)),
		xt("IEND", /* @__PURE__ */ new Uint8Array())
	];
	return new Blob([u, ...d], { type: "image/png" });
}
// src/visitor/save.ts
async function wt(e, t, n) {
	return ct(await Ct(vt(t, e.phases), e.packet), `${n}.png`), `Saved as ${n}.png, marked as synthetic ${Math.min(t.width, t.height) >= 64 ? "in its metadata and, invisibly, in its pixels" : "in its metadata"}.`;
}
// src/visitor/close.tsx
var Tt = 3;
function Et({ desk: e, chosen: t }) {
	let { facts: n, engine: r, settings: i } = e, [a, o] = B({}), s = V(null), c = V(null), l = e.sample(t);
	J(async () => {
		let e = n.directions.map((e) => ({
			vector: e.vector,
			amount: a[e.name] ?? 0
		})), [t] = await Y("redraw", () => r.draw([Qe(l.code, e, n.prior)], [l.label]));
		c.current = t, Z(s.current, t), s.current.dataset.drawn = JSON.stringify(a);
	}, [
		i,
		t,
		a
	]);
	let u = (e) => e.map((e) => /* @__PURE__ */ U(je, {
		label: e.name.replaceAll("_", " "),
		value: a[e.name] ?? 0,
		min: -3,
		max: Tt,
		step: .1,
		show: Me,
		onChange: (t) => o({
			...a,
			[e.name]: t
		})
	}, e.name)), d = n.directions.filter((e) => e.named), f = n.directions.filter((e) => !e.named);
	return /* @__PURE__ */ U("section", {
		"aria-labelledby": "close-title",
		children: [/* @__PURE__ */ U("h2", {
			id: "close-title",
			children: [
				"Picture ",
				t + 1,
				", closely"
			]
		}), /* @__PURE__ */ U("div", {
			class: "two",
			children: [/* @__PURE__ */ U("div", { children: [/* @__PURE__ */ U("canvas", {
				class: "large",
				ref: s,
				role: "img",
				width: n.width,
				height: n.height,
				"aria-label": `Picture ${t + 1}${at(n, l.label)}, synthetic, as the sliders have it`
			}), /* @__PURE__ */ U("p", { children: /* @__PURE__ */ U("button", {
				type: "button",
				class: "main",
				onClick: async () => {
					c.current && e.say(await wt(n, c.current, `synthetic-${i.seed}-${t}`));
				},
				children: "Download this picture"
			}) })] }), /* @__PURE__ */ U("div", { children: [
				u(d),
				d.length && f.length ? /* @__PURE__ */ U("details", { children: [/* @__PURE__ */ U("summary", { children: [f.length, " directions without a name"] }), u(f)] }) : u(f),
				n.directions.length ? /* @__PURE__ */ U("button", {
					type: "button",
					onClick: () => o({}),
					children: "All to 0"
				}) : /* @__PURE__ */ U("p", {
					class: "quiet",
					children: "Nobody has looked for directions in this generator, so there is nothing to slide here."
				})
			] })]
		})]
	});
}
// src/visitor/facts.ts
function Dt(e) {
	let t = atob(e), n = new Uint8Array(t.length);
	for (let e = 0; e < t.length; e++) n[e] = t.charCodeAt(e);
	return n;
}
function Ot() {
	let e = JSON.parse(document.getElementById("facts").textContent);
	for (let t of e.directions) t.vector = new Float32Array(Dt(t.vector).buffer);
	return e;
}
var kt = "Opened from a disk this folder cannot be read by a browser: put it on a web server, or export one file: figment export RUN --page FILE.html.";
async function At(e, t) {
	if (!e.files) {
		let e = document.getElementById(t), n = Dt(e.textContent);
		return e.remove(), new Response(new Blob([n]).stream().pipeThrough(new DecompressionStream("gzip"))).arrayBuffer();
	}
	if (location.protocol === "file:") throw Error(kt);
	let n = await fetch(e.files[t]);
	if (!n.ok) throw Error(`${e.files[t]} is missing beside this page (${n.status}): put the whole folder there.`);
	return n.arrayBuffer();
}
// src/visitor/engine.ts
var jt = 4, Mt = 65536, Nt = class e {
	ort;
	session;
	facts;
	threads;
	last = Promise.resolve();
	constructor(e, t, n, r) {
		this.ort = e, this.session = t, this.facts = n, this.threads = r;
	}
	get batch() {
		return Math.max(1, Math.min(16, Math.floor(Mt / (this.facts.height * this.facts.width))));
	}
	static async load(t) {
		let [n, r, i] = await Promise.all([
			At(t, "wasm"),
			At(t, "generator"),
			Pt(t)
		]), a = crossOriginIsolated ? Math.min(jt, navigator.hardwareConcurrency || 1) : 1;
		i.env.wasm.numThreads = a, i.env.wasm.wasmBinary = n, i.env.logLevel = "error";
		let o = await i.InferenceSession.create(new Uint8Array(r), {
			executionProviders: ["wasm"],
			logSeverityLevel: 3
		});
		return new e(i, o, t, a);
	}
	draw(e, t) {
		let n = this.last.then(() => this.run(e, t));
		return this.last = n.catch(() => {}), n;
	}
	async run(e, t) {
		let { Tensor: n } = this.ort, { size: r, channels: i, height: a, width: o, classes: s } = this.facts, c = new Float32Array(e.length * r);
		e.forEach((e, t) => c.set(e, t * r));
		let l = {
			codes: new n("float32", c, [e.length, r]),
			truncation: new n("float32", new Float32Array([1]), [])
		};
		return s.length && (l.labels = new n("int64", BigInt64Array.from(t, BigInt), [e.length])), ot((await this.session.run(l, ["pictures"])).pictures.data, e.length, i, a, o);
	}
};
async function Pt(e) {
	if (e.files) return location.protocol === "file:" && await At(e, "runtime"), import(
		/* @vite-ignore */
		new URL(e.files.runtime, location.href).href
);
	let t = new Blob([await At(e, "runtime")], { type: "text/javascript" });
	return import(
		/* @vite-ignore */
		URL.createObjectURL(t)
);
}
// src/visitor/pad.tsx
var Ft = [
	"upper left",
	"upper right",
	"lower left",
	"lower right"
], It = .04, Lt = {
	ArrowLeft: [-1, 0],
	ArrowRight: [1, 0],
	ArrowUp: [0, -1],
	ArrowDown: [0, 1]
}, Rt = (e) => Math.min(1, Math.max(0, e));
function zt({ desk: e, chosen: t }) {
	let { facts: n, engine: r, settings: i } = e, [a, o] = B([
		0,
		1,
		2,
		3
	]), [[s, c], l] = B([.5, .5]), u = V(null), d = V(null), f = V(null), p = a.map(e.sample);
	J(async () => {
		let e = tt(p.map((e) => e.code), s, c, n.prior), [t] = await Y("pad", () => r.draw([e], [p[0].label]));
		f.current = t, Z(u.current, t), u.current.dataset.drawn = `${s.toFixed(2)} ${c.toFixed(2)}`;
	}, [
		i,
		a,
		s,
		c
	]);
	function m(e) {
		if (e.type === "pointermove" && !e.buttons) return;
		let t = d.current.getBoundingClientRect();
		e.type === "pointerdown" && d.current.setPointerCapture(e.pointerId), l([Rt((e.clientX - t.left) / t.width), Rt((e.clientY - t.top) / t.height)]);
	}
	function h(e) {
		let t = Lt[e.key];
		t && (e.preventDefault(), l([Rt(s + It * t[0]), Rt(c + It * t[1])]));
	}
	let g = (n) => /* @__PURE__ */ U("div", {
		class: "corner",
		role: "group",
		"aria-label": `Corner, ${Ft[n]}`,
		children: [/* @__PURE__ */ U(Bt, {
			desk: e,
			sample: p[n],
			name: `Picture ${a[n] + 1}, at the ${Ft[n]}`
		}), /* @__PURE__ */ U("button", {
			type: "button",
			"aria-label": `Put ${t + 1} here, ${Ft[n]}`,
			onClick: () => o(a.map((e, r) => r === n ? t : e)),
			children: [
				"Put ",
				t + 1,
				" here"
			]
		})]
	});
	return /* @__PURE__ */ U("section", {
		"aria-labelledby": "pad-title",
		children: [/* @__PURE__ */ U("h2", {
			id: "pad-title",
			children: "Between four"
		}), /* @__PURE__ */ U("div", {
			class: "two",
			children: [/* @__PURE__ */ U("div", { children: [/* @__PURE__ */ U("canvas", {
				class: "large",
				ref: u,
				role: "img",
				width: n.width,
				height: n.height,
				"aria-label": "The picture between the four, synthetic"
			}), /* @__PURE__ */ U("p", { children: /* @__PURE__ */ U("button", {
				type: "button",
				onClick: async () => {
					f.current && e.say(await wt(n, f.current, `synthetic-${i.seed}-between`));
				},
				children: "Download what is between"
			}) })] }), /* @__PURE__ */ U("div", { children: [
				/* @__PURE__ */ U("div", {
					class: "pad",
					children: [
						g(0),
						/* @__PURE__ */ U("button", {
							type: "button",
							class: "area",
							ref: d,
							"aria-label": "Place between the four pictures: arrow keys move it",
							"aria-describedby": "pad-place",
							onPointerDown: m,
							onPointerMove: m,
							onKeyDown: h,
							children: /* @__PURE__ */ U("span", {
								class: "dot",
								style: {
									left: `${100 * s}%`,
									top: `${100 * c}%`
								}
							})
						}),
						g(1),
						g(2),
						g(3)
					]
				}),
				/* @__PURE__ */ U("p", {
					class: "quiet",
					id: "pad-place",
					children: [
						Math.round(100 * s),
						" % to the right, ",
						Math.round(100 * c),
						" % down"
					]
				}),
				n.classes.length > 0 && /* @__PURE__ */ U("p", {
					class: "quiet",
					children: "What is between is drawn as the upper left one’s class: classes aren’t mixed."
				})
			] })]
		})]
	});
}
function Bt({ desk: e, sample: t, name: n }) {
	let r = V(null);
	return J(async () => {
		let [n] = await e.engine.draw([t.code], [t.label]);
		Z(r.current, n);
	}, [n, e.settings]), /* @__PURE__ */ U("canvas", {
		ref: r,
		role: "img",
		"aria-label": `${n}, synthetic`,
		width: e.facts.width,
		height: e.facts.height
	});
}
// src/visitor/walk.tsx
var Vt = 8, Ht = 16;
function Ut({ desk: e }) {
	let { facts: t, engine: n, settings: r } = e, [i, a] = B(!1), [o, s] = B(0), c = V(null), l = V(!0);
	return J(async () => {
		let r = Array.from({ length: Vt }, (t, n) => e.sample(n)), i = nt(r.map((e) => e.code), o, t.prior), [a] = await Y("walk", () => n.draw([i], [r[0].label]));
		Z(c.current, a), c.current.dataset.drawn = o.toFixed(3), l.current = !0;
	}, [r, o]), ye(() => {
		if (!i) return;
		let e = 0, t = performance.now(), n = (r) => {
			let i = (r - t) / 1e3 / Ht;
			l.current && i > 0 && (l.current = !1, t = r, s((e) => (e + i) % 1)), e = requestAnimationFrame(n);
		};
		return e = requestAnimationFrame(n), () => cancelAnimationFrame(e);
	}, [i]), /* @__PURE__ */ U("section", {
		"aria-labelledby": "walk-title",
		children: [
			/* @__PURE__ */ U("h2", {
				id: "walk-title",
				children: "A walk"
			}),
			/* @__PURE__ */ U("canvas", {
				class: "large",
				ref: c,
				role: "img",
				width: t.width,
				height: t.height,
				"aria-label": "The walk, synthetic"
			}),
			/* @__PURE__ */ U("div", {
				class: "row",
				children: [/* @__PURE__ */ U("button", {
					type: "button",
					onClick: () => a(!i),
					children: i ? "Stop" : "Walk"
				}), /* @__PURE__ */ U("label", {
					class: "grow",
					children: ["Where ", /* @__PURE__ */ U("input", {
						type: "range",
						min: 0,
						max: .999,
						step: .001,
						value: o,
						"aria-valuetext": `${Math.round(100 * o)} % of the way`,
						onInput: (e) => s(e.currentTarget.valueAsNumber)
					})]
				})]
			}),
			/* @__PURE__ */ U("p", {
				class: "quiet",
				children: "Past the first eight pictures of the wall, and round again."
			})
		]
	});
}
// src/visitor/wall.tsx
function Wt({ desk: e, chosen: t, onChoose: n, onDrawn: r }) {
	let { facts: i, engine: a, settings: o } = e, s = V([]), c = V([]);
	return J(async () => {
		let t = performance.now(), n = [];
		for (let t = 0; t < 16; t += a.batch) {
			let r = Array.from({ length: Math.min(a.batch, 16 - t) }, (n, r) => e.sample(t + r)), i = await Y("batch", () => a.draw(r.map((e) => e.code), r.map((e) => e.label)));
			i.forEach((e, n) => Z(s.current[t + n], e)), n.push(...i), await new Promise((e) => setTimeout(e));
		}
		c.current = n, performance.mark("wall"), document.documentElement.dataset.wall = `${o.seed} ${o.truncation} ${o.label}`, r((performance.now() - t) / 16);
	}, [o]), /* @__PURE__ */ U("section", {
		"aria-labelledby": "wall-title",
		children: [/* @__PURE__ */ U("div", {
			class: "row between",
			children: [/* @__PURE__ */ U("h2", {
				id: "wall-title",
				children: "Sixteen new pictures"
			}), /* @__PURE__ */ U("button", {
				type: "button",
				onClick: async () => {
					c.current.length === 16 && e.say(await wt(i, st(c.current, 4), `synthetic-seed-${o.seed}`));
				},
				children: "Download all as one picture"
			})]
		}), /* @__PURE__ */ U("div", {
			class: "wall",
			children: Array.from({ length: 16 }, (r, a) => /* @__PURE__ */ U("button", {
				type: "button",
				"aria-pressed": t === a,
				onClick: () => n(a),
				"aria-label": `Picture ${a + 1}${at(i, e.sample(a).label)}, synthetic`,
				children: /* @__PURE__ */ U("canvas", {
					ref: (e) => void (s.current[a] = e),
					width: i.width,
					height: i.height
				})
			}, a))
		})]
	});
}
// src/visitor/main.tsx
var Gt = 2 ** 31 - 1, Kt = 1e5;
function qt({ facts: e }) {
	let [t, n] = B(null), [r, i] = B("");
	return ye(() => {
		Nt.load(e).then(n, (e) => i(String(e instanceof Error ? e.message : e)));
	}, []), /* @__PURE__ */ U("main", { children: [
		/* @__PURE__ */ U("h1", { children: [e.name, ": new pictures"] }),
		/* @__PURE__ */ U("p", {
			class: "told",
			children: [/* @__PURE__ */ U("strong", { children: "Every picture here is synthetic." }), " A generator draws it now, on your machine; none is a photograph. Nothing is sent anywhere."]
		}),
		r ? /* @__PURE__ */ U("p", {
			class: "problem",
			role: "alert",
			children: [
				"This browser can’t run the generator: ",
				r,
				" It needs WebAssembly, as Chrome, Edge, Firefox and Safari from 2023 on have it."
			]
		}) : t ? /* @__PURE__ */ U(Jt, {
			facts: e,
			engine: t
		}) : /* @__PURE__ */ U("p", {
			role: "status",
			children: "The generator is being loaded …"
		}),
		/* @__PURE__ */ U("footer", {
			class: "quiet",
			children: [/* @__PURE__ */ U("p", { children: [
				e.width,
				"×",
				e.height,
				" pixels, a code of ",
				e.size,
				" numbers.",
				e.clips && " The generator draws clips; here are single frames of them.",
				" What you download is marked as synthetic, in its metadata and, from 64 pixels a side on, invisibly in its pixels: figment check finds it."
			] }), /* @__PURE__ */ U("p", { children: [
				"Made with figment ",
				e.version,
				". Drawn by onnxruntime-web 1.30.0, © Microsoft Corporation, MIT licence."
			] })]
		})
	] });
}
function Jt({ facts: e, engine: t }) {
	let [n, r] = B({
		seed: 0,
		truncation: 1,
		label: -1
	}), [i, a] = B(0), [o, s] = B(""), [c, l] = B(null), u = xe(() => ({
		facts: e,
		engine: t,
		settings: n,
		sample: it((t) => rt(e, n, t)),
		say: s
	}), [n]), d = (e) => r({
		...n,
		...e
	});
	return /* @__PURE__ */ U(y, { children: [
		/* @__PURE__ */ U("div", {
			class: "row controls",
			children: [
				/* @__PURE__ */ U("button", {
					type: "button",
					class: "main",
					onClick: () => d({ seed: Math.floor(Math.random() * Kt) }),
					children: "New pictures"
				}),
				/* @__PURE__ */ U("label", { children: [
					"Seed",
					" ",
					/* @__PURE__ */ U("input", {
						type: "number",
						min: 0,
						max: Gt,
						step: 1,
						value: n.seed,
						onChange: ({ currentTarget: e }) => e.validity.valid && e.value && d({ seed: e.valueAsNumber })
					})
				] }),
				e.classes.length > 0 && /* @__PURE__ */ U("label", { children: [
					"Class",
					" ",
					/* @__PURE__ */ U("select", {
						value: n.label,
						onChange: (e) => d({ label: Number(e.currentTarget.value) }),
						children: [/* @__PURE__ */ U("option", {
							value: -1,
							children: "each its own"
						}), e.classes.map((e, t) => /* @__PURE__ */ U("option", {
							value: t,
							children: e
						}, t))]
					})
				] }),
				/* @__PURE__ */ U("div", {
					class: "grow",
					children: /* @__PURE__ */ U(je, {
						label: "Truncation",
						note: "less: likelier and more alike",
						value: n.truncation,
						min: 0,
						max: 1.5,
						step: .05,
						show: (e) => e.toFixed(2),
						onChange: (e) => d({ truncation: e })
					})
				})
			]
		}),
		/* @__PURE__ */ U("p", {
			role: "status",
			class: "quiet",
			"aria-live": "polite",
			children: o
		}),
		/* @__PURE__ */ U(Wt, {
			desk: u,
			chosen: i,
			onChoose: a,
			onDrawn: l
		}),
		/* @__PURE__ */ U(Et, {
			desk: u,
			chosen: i
		}),
		/* @__PURE__ */ U(zt, {
			desk: u,
			chosen: i
		}),
		/* @__PURE__ */ U(Ut, { desk: u }),
		c !== null && /* @__PURE__ */ U("p", {
			class: "quiet",
			children: [
				"A picture takes ",
				c < 10 ? c.toFixed(1) : Math.round(c),
				" milliseconds here, on",
				" ",
				t.threads === 1 ? "one core" : `${t.threads} cores`,
				"."
			]
		})
	] });
}
P(/* @__PURE__ */ U(qt, { facts: Ot() }), document.getElementById("page"));
