import * as c from "./client.js";
import fs from "node:fs"; import {spawn,execFileSync} from "node:child_process";
const {A,LA,LB,CA,CB}=process.env;
const kinds=process.argv.slice(2);
const sa=await c.logIn(LA), sb=await c.logIn(LB);
const pa=new c.Page(`/ws/conversations/${CA}`,sa.cookie), pb=new c.Page(`/ws/conversations/${CB}`,sb.cookie);
await c.sleep(2500);
const bp=execFileSync("sv",["status",process.env.GONGBANG_STATE+"/services/bridge"],{encoding:"utf8"}).match(/pid (\d+)/)[1];
const rss=()=>fs.readFileSync(`/proc/${bp}/status`,"utf8").match(/VmRSS:\s+(\d+)/)[1]/1024|0;
const cpu=()=>{const s=fs.readFileSync(`/proc/${bp}/stat`,"utf8").split(" ");return (+s[13]+ +s[14])/100};
async function ping(){const t=c.now();const e=c.event(pb.ws,e=>e.kind==="pong",30000);pb.send({type:"ping"});await e;return c.now()-t;}
for(const k of kinds){
 const c0=cpu(),t0=c.now(),lat=[],o0=pa.offset; let peak=0;
 const ch=spawn("docker",["exec","-u","1000",A,"python3","/workspace/flood.py",k,"6"],{stdio:["ignore","pipe","pipe"]}); let out="";ch.stdout.on("data",d=>out+=d);ch.stderr.on("data",d=>out+=d);
 let done=false;ch.on("exit",()=>done=true);
 while(!done||c.now()-t0<6000){ lat.push(await ping().catch(e=>30000)); peak=Math.max(peak,rss()); await c.sleep(100); if(c.now()-t0>60000)break;}
 lat.sort((a,b)=>a-b);
 const t1=c.now(); pb.ends=0; pb.say("hello"); let turn="-"; try{await pb.until(p=>p.ends>=1,"b turn",40000);turn=(c.now()-t1).toFixed(0)}catch(e){turn="FAIL"}
 console.log(k,out.trim(),"pings",lat.length,"p50",lat[lat.length>>1].toFixed(1),"max",lat.at(-1).toFixed(0),"ms; B turn",turn,"ms; bridge cpu",(cpu()-c0).toFixed(1),"of",((c.now()-t0)/1000).toFixed(1),"rss",peak,"now",rss(),"A offset +",((pa.offset-o0)/1e6).toFixed(2),"MB parts",pa.parts.size,"status",pa.status,"db MB",(fs.statSync(process.env.GONGBANG_STATE+"/data/gongbang.db").size/1e6).toFixed(1),"closed",pa.closed);
 await c.sleep(1500);
}
process.exit(0);
