import * as c from "./client.js"; import fs from "node:fs"; import {execFileSync} from "node:child_process";
const {LB,CB}=process.env; const sb=await c.logIn(LB); const pb=new c.Page(`/ws/conversations/${CB}`,sb.cookie); await c.sleep(2000);
const bp=execFileSync("sv",["status",process.env.GONGBANG_STATE+"/services/bridge"],{encoding:"utf8"}).match(/pid (\d+)/)[1];
const cpu=()=>{const s=fs.readFileSync(`/proc/${bp}/stat`,"utf8").split(" ");return (+s[13]+ +s[14])/100};
const c0=cpu(),t0=c.now(),lat=[]; for(let i=0;i<30;i++){const t=c.now();const e=c.event(pb.ws,e=>e.kind==="pong",30000);pb.send({type:"ping"});await e;lat.push(c.now()-t);await c.sleep(100)}
lat.sort((a,b)=>a-b);console.log("p50",lat[15].toFixed(1),"max",lat[29].toFixed(1),"bridge cpu",((cpu()-c0)/(c.now()-t0)*1000).toFixed(2)); process.exit(0);
